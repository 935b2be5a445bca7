//! Prefetching.
#![allow(unsafe_code)]

/// Prefetches the cache line of a value; does nothing on architectures other than x86-64.
#[inline(always)]
pub(super) fn prefetch(value: &f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: this is only a hint, and the address is valid.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(
            std::ptr::from_ref(value).cast(),
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
