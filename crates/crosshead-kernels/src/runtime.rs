//! Threads and memory: what makes operations faster and changes no result.

use burn::tensor::Tensor;

/// Runs `f` on a thread of rayon's pool, where operations share work with the other threads directly; from outside, each
/// operation wakes the pool and waits for it. The other threads stay awake until `f` is done.
///
/// Worth it around many small operations, such as a decoding step. Results do not depend on it.
pub fn in_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    #[cfg(feature = "flex")]
    return rayon::scope(|_| {
        let _awake = crate::flex::runtime::awake::keep_awake();
        f()
    });
    #[cfg(not(feature = "flex"))]
    f()
}

/// Moves values that many operations will read into large pages of memory, where the system has them (Linux 6.1): large
/// weights are then read up to twice as fast, and nothing else changes.
pub fn use_large_pages<const D: usize>(x: &Tensor<D>) {
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(x) {
        let x = if x.is_autodiff() { x.clone().inner() } else { x.clone() };
        crate::flex::runtime::pages::gather(x);
    }
    #[cfg(not(feature = "flex"))]
    let _ = x;
}
