//! Huge pages (Linux). They reduce the number of address translations, which can take longer than reading the values in
//! a virtual machine.
//!
//! On other systems, these functions do nothing.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use burn::tensor::Tensor;

use super::tensor::{primitive, values};

/// The size of a huge page.
const PAGE: usize = 2 << 20;

/// Requests huge pages for memory that has not been touched yet.
pub(crate) fn expect<T>(memory: &[MaybeUninit<T>]) {
    const SMALL: usize = 4 << 10;
    let start = (memory.as_ptr() as usize).next_multiple_of(SMALL);
    let end = (memory.as_ptr() as usize + size_of_val(memory)) / SMALL * SMALL;
    if size_of_val(memory) >= 2 * PAGE {
        advise(start, end - start, Advice::Expect);
    }
}

/// The implementation of [`crate::use_large_pages`], for a tensor without autodiff.
pub(crate) fn gather<const D: usize>(x: Tensor<D>) {
    let x = primitive(x);
    if x.is_contiguous() {
        gather_values(values(&x));
    }
}

/// Moves values into large pages, if there are many of them.
pub(super) fn gather_values<T>(values: &[T]) {
    /// The size in bytes from which on a tensor is worth the system calls.
    const LARGE: usize = 64 << 10;
    if size_of_val(values) < LARGE {
        return;
    }
    let start = values.as_ptr() as usize / PAGE * PAGE;
    let end = values.as_ptr() as usize + size_of_val(values);
    for page in (start..end).step_by(PAGE) {
        advise(page, PAGE, Advice::Gather);
    }
}

/// Advice to the operating system.
#[derive(Clone, Copy)]
enum Advice {
    /// Use huge pages when the memory is first touched.
    Expect,
    /// Collapse the memory into huge pages now.
    Gather,
}

/// Gives advice to the system, which may ignore it.
#[cfg(all(target_os = "linux", not(miri)))]
fn advise(start: usize, len: usize, advice: Advice) {
    /// Available in Linux 6.1 and later; `libc` defines it only for some targets.
    const MADV_COLLAPSE: libc::c_int = 25;
    let advice = match advice {
        Advice::Expect => libc::MADV_HUGEPAGE,
        Advice::Gather => MADV_COLLAPSE,
    };
    // SAFETY: neither advice changes the contents of the memory or access to it; for unmapped memory the call fails.
    unsafe { libc::madvise(std::ptr::without_provenance_mut(start), len, advice) };
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn advise(_: usize, _: usize, _: Advice) {}
