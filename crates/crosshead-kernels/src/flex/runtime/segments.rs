//! A slice that several tasks write to concurrently.
#![allow(unsafe_code)]

use std::marker::PhantomData;

/// A slice in which each task writes separate segments. Tiles and heads are adjacent within each row, so the slice
/// cannot be split into one contiguous part per task.
pub(crate) struct Segments<'a> {
    start: *mut f32,
    len: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: callers of `segment` guarantee that segments in use at the same time do not overlap.
unsafe impl Sync for Segments<'_> {}

impl<'a> Segments<'a> {
    pub(crate) fn new(values: &'a mut [f32]) -> Self {
        Self { start: values.as_mut_ptr(), len: values.len(), owner: PhantomData }
    }

    /// The `len` values starting at index `first`.
    ///
    /// # Panics
    /// If they exceed the slice.
    ///
    /// # Safety
    /// No overlapping segment may be in use at the same time.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "the caller guarantees disjoint segments")]
    pub(crate) unsafe fn segment(&self, first: usize, len: usize) -> &mut [f32] {
        assert!(
            first <= self.len && len <= self.len - first,
            "segment {first}..+{len} of {}",
            self.len
        );
        // SAFETY: the segment is within the slice, which is borrowed mutably for 'a; the caller rules out overlaps.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), len) }
    }
}
