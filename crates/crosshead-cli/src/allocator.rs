//! The memory allocator.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_purge_delay` of mimalloc's `mi_option_e`, which is missing from the bindings.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps freed memory instead of returning it to the system: every training step reuses the same buffers, and page
/// faults would cost more than the computation.
#[allow(unsafe_code, reason = "the allocator's options are set through its C interface")]
pub(crate) fn keep_memory() {
    // SAFETY: called first in `main`, while there is a single thread; the option is a plain number.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) }
}
