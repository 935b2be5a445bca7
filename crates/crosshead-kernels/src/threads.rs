//! Where operations run.

/// Runs `f` on a thread of rayon's pool: there, operations hand work to each other's threads at once, and from outside
/// each of them wakes the pool and waits for it.
///
/// Worth it around many small operations, such as a step of decoding. Results do not depend on it.
pub fn in_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    #[cfg(feature = "flex")]
    return rayon::scope(|_| f());
    #[cfg(not(feature = "flex"))]
    f()
}
