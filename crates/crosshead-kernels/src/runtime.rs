//! Threads and memory: functions that save time without changing results.

use burn::tensor::{Device, Tensor};

/// Whether the fused operations run on a device: the Flex backend, with or without autodiff.
pub fn has_fused_operations(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return crate::flex::is_flex_device(device);
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Runs `f` on a thread of the rayon pool and keeps the other threads awake until it returns. Outside the pool, each
/// operation would have to wake the pool and wait for it.
///
/// This is worthwhile for many small operations, such as those of a decoding step. Results do not depend on it.
pub fn in_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    #[cfg(feature = "flex")]
    return rayon::scope(|_| {
        let _awake = crate::flex::runtime::awake::keep_awake();
        f()
    });
    #[cfg(not(feature = "flex"))]
    f()
}

/// Moves the values of a tensor that is read often into huge pages, if the operating system supports it (Linux 6.1 and
/// later; elsewhere this does nothing). Large weights are then read up to twice as fast.
pub fn use_large_pages<const D: usize>(x: &Tensor<D>) {
    #[cfg(feature = "flex")]
    if crate::ops::int8::is_int8(x) {
        crate::flex::runtime::int8::gather(x);
    } else if crate::flex::is_flex(x) {
        let x = if x.is_autodiff() { x.clone().inner() } else { x.clone() };
        crate::flex::runtime::pages::gather(x);
    }
    #[cfg(not(feature = "flex"))]
    let _ = x;
}
