//! X·Wᵀ without explicit vectors, for any processor.

use std::ops::Range;

use super::kernel::{Kernel, Tile, Weight, part_of_work};
use super::rows::Rows;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::words::Words;

/// Multiply-adds per task.
const PART: usize = 1 << 16;

/// The generic routine.
pub(super) struct Plain<'a>(pub(super) &'a Rows);

impl Kernel for Plain<'_> {
    fn part_len(&self, weight: &Weight) -> usize {
        part_of_work(self.0.len(), weight.d_in, PART)
    }

    fn multiply(&self, weight: &Weight, columns: Range<usize>, take: &mut dyn FnMut(Tile)) {
        let (x, cols) = (self.0, columns.len());
        let mut sums = Words::zeros(x.len() * cols);
        vectorized(
            #[inline(always)]
            || {
                let rows = x.values(0).chunks_exact(x.stride());
                for (x, sums) in rows.zip(sums.chunks_exact_mut(cols)) {
                    let weights = weight.rows(columns.start).chunks_exact(weight.d_in.max(1));
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        let pairs = x.iter().zip(weight);
                        *sum = pairs.map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
                    }
                }
            },
        );
        take(Tile { first_row: 0, rows: x.len(), sums: &sums, stride: cols });
    }
}
