//! What a routine computes, and what it computes it from.

use std::ops::Range;

/// The weight of a projection in 8 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight<'a> {
    /// `[d_out, d_in]`
    pub(crate) values: &'a [i8],
    /// The scale of each output feature, `[d_out, copies]`; copies are equal.
    pub(crate) scales: &'a [f32],
    pub(crate) d_in: usize,
    pub(crate) d_out: usize,
}

impl<'a> Weight<'a> {
    /// The scale of an output feature.
    #[inline(always)]
    pub(crate) fn scale(&self, feature: usize) -> f32 {
        self.scales[feature * (self.scales.len() / self.d_out)]
    }

    /// The values of an output feature and those after it.
    #[inline(always)]
    pub(super) fn rows(&self, first: usize) -> &'a [i8] {
        &self.values[first * self.d_in..]
    }
}

/// Sums of products: those of some rows with the columns of a part.
pub(super) struct Tile<'a> {
    pub(super) first_row: usize,
    pub(super) rows: usize,
    /// Rows `stride` apart.
    pub(super) sums: &'a [i32],
    pub(super) stride: usize,
    /// What each sum exceeds the sum of products by, as a multiple of the sum of its row's values.
    pub(super) offset: i32,
}

/// A routine with its rows of activations.
pub(super) trait Kernel: Sync {
    /// Output features of one part of a product, by shapes alone.
    fn part_len(&self, weight: &Weight) -> usize;

    /// Gives the sums of all rows with some output features to `take`, in tiles.
    fn multiply(&self, weight: &Weight, columns: Range<usize>, take: &mut dyn FnMut(Tile));
}

/// Output features of a part of about `work` multiplications and additions.
pub(super) fn part_of_work(rows: usize, d_in: usize, work: usize) -> usize {
    const MULTIPLE: usize = 64;
    (work / (rows * d_in).max(1)).max(1).next_multiple_of(MULTIPLE)
}
