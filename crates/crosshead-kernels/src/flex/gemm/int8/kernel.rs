//! The interface of the routines.

use std::ops::Range;

/// The int8 weight of a projection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight<'a> {
    /// `[d_out, d_in]`
    pub(crate) values: &'a [i8],
    /// The scales of the output features, `[d_out]`.
    pub(crate) scales: &'a [f32],
    /// The sums of the values of the output features, `[d_out]`.
    pub(crate) sums: &'a [f32],
    pub(crate) d_in: usize,
    pub(crate) d_out: usize,
}

impl<'a> Weight<'a> {
    /// The values from the given output feature on.
    #[inline(always)]
    pub(super) fn rows(&self, first: usize) -> &'a [i8] {
        &self.values[first * self.d_in..]
    }
}

/// Sums of the products of quantized values, for some rows and all columns of a part.
pub(super) struct Tile<'a> {
    pub(super) first_row: usize,
    pub(super) rows: usize,
    /// `[rows, stride]`
    pub(super) sums: &'a [i32],
    pub(super) stride: usize,
}

/// A routine, together with the activations.
pub(super) trait Kernel: Sync {
    /// The number of output features in a part; it depends only on shapes.
    fn part_len(&self, weight: &Weight) -> usize;

    /// Computes the sums of all rows for a part of the output features and passes them to `take` in tiles.
    fn multiply(&self, weight: &Weight, columns: Range<usize>, take: &mut dyn FnMut(Tile));
}

/// The number of output features that take about `work` multiply-adds.
pub(super) fn part_of_work(rows: usize, d_in: usize, work: usize) -> usize {
    const MULTIPLE: usize = 64;
    (work / (rows * d_in).max(1)).max(1).next_multiple_of(MULTIPLE)
}
