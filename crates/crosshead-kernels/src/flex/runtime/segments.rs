//! One slice written by several tasks at once.
#![allow(unsafe_code)]

use std::marker::PhantomData;

/// A slice of which each task writes its own segments: tiles and heads lie side by side in each row, so splitting it
/// into contiguous parts would not separate the tasks.
pub(crate) struct Segments<'a> {
    start: *mut f32,
    len: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: whoever calls `segment` promises that segments in use at once do not overlap.
unsafe impl Sync for Segments<'_> {}

impl<'a> Segments<'a> {
    pub(crate) fn new(values: &'a mut [f32]) -> Self {
        Self { start: values.as_mut_ptr(), len: values.len(), owner: PhantomData }
    }

    /// The `len` values from index `first` on.
    ///
    /// # Panics
    /// If they exceed the slice.
    ///
    /// # Safety
    /// While it is in use, no other segment that overlaps it may be.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "the caller keeps segments apart")]
    pub(crate) unsafe fn segment(&self, first: usize, len: usize) -> &mut [f32] {
        assert!(
            first <= self.len && len <= self.len - first,
            "segment {first}..+{len} of {}",
            self.len
        );
        // SAFETY: the segment lies in the slice, which is borrowed mutably for 'a; the caller rules out overlaps.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), len) }
    }
}
