//! Prefetching.
#![allow(unsafe_code)]

/// Prefetches the cache line of a value; does nothing on architectures other than x86-64. The address need not be valid.
#[inline(always)]
pub(super) fn prefetch<T>(value: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: this is only a hint, which ignores invalid addresses.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(value.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
