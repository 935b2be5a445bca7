//! Large pages: fewer address translations, which in a virtual machine can take longer than reading the values.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use burn::tensor::Tensor;

use super::tensor::{primitive, values};

/// The size of a large page.
const PAGE: usize = 2 << 20;

/// Asks for large pages before memory is first touched.
pub(crate) fn expect<T>(memory: &[MaybeUninit<T>]) {
    const SMALL: usize = 4 << 10;
    let start = (memory.as_ptr() as usize).next_multiple_of(SMALL);
    let end = (memory.as_ptr() as usize + size_of_val(memory)) / SMALL * SMALL;
    if size_of_val(memory) >= 2 * PAGE {
        advise(start, end - start, Advice::Expect);
    }
}

/// The body of [`crate::use_large_pages`], for a tensor without autodiff.
pub(crate) fn gather<const D: usize>(x: Tensor<D>) {
    /// Bytes of a tensor that is worth the calls.
    const LARGE: usize = 64 << 10;
    let x = primitive(x);
    if !x.is_contiguous() || x.bytes().len() < LARGE {
        return;
    }
    let values = values(&x);
    let start = values.as_ptr() as usize / PAGE * PAGE;
    let end = values.as_ptr() as usize + size_of_val(values);
    for page in (start..end).step_by(PAGE) {
        advise(page, PAGE, Advice::Gather);
    }
}

/// What the operating system may do with pages.
#[derive(Clone, Copy)]
enum Advice {
    /// Large ones from the first touch on.
    Expect,
    /// Large ones at once.
    Gather,
}

/// Gives advice that the system may ignore.
#[cfg(all(target_os = "linux", not(miri)))]
fn advise(start: usize, len: usize, advice: Advice) {
    /// Of Linux 6.1; `libc` names it for some targets only.
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
