//! X·Wᵀ for few rows, as dot products of every row of X with every row of W.
//!
//! W is read in blocks that have as many rows as a vector has lanes. A block stays in the L1 cache for all rows of X.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;

use super::kernel::{Kernel, Tile, Weight, part_of_work};
use super::rows::Rows;
use super::vector::Vector;
use crate::flex::gemm::prefetch::prefetch;
use crate::flex::runtime::words::Words;

/// The maximum number of accumulators.
const SUMS: usize = 16;

/// Multiply-adds per task.
const PART: usize = 1 << 17;

/// The routine for few rows.
pub(super) struct Dots<'a, V> {
    x: &'a Rows,
    vectors: PhantomData<fn() -> V>,
}

impl<'a, V: Vector> Dots<'a, V> {
    /// Selects the routine for `x`.
    ///
    /// # Safety
    /// The processor must support the vectors.
    pub(super) unsafe fn new(x: &'a Rows) -> Self {
        Self { x, vectors: PhantomData }
    }

    /// Computes the sums of the first `cols` rows of `weight`, a multiple of [`Vector::LANES`], into columns of `sums`.
    ///
    /// # Panics
    /// If vector loads of the last row would exceed `weight`.
    #[inline(always)]
    fn sums(&self, weight: &[i8], d_in: usize, cols: usize, sums: &mut [i32], row_stride: usize) {
        let (rows, stride) = (self.x.len(), self.x.stride());
        assert!(weight.len() >= bytes_read(cols, d_in, stride), "the weight has too few rows");
        assert!(sums.len() >= (rows - 1) * row_stride + cols, "the sums are too short");
        for first in (0..cols).step_by(V::LANES) {
            let weight = weight[first * d_in..].as_ptr();
            let mut row = 0;
            while row < rows {
                let block = Block { x: self.x.values(row).as_ptr(), stride, weight, d_in };
                let to = sums[row * row_stride + first..].as_mut_ptr();
                // SAFETY: the caller of `new` guarantees the vectors; x has as many rows as the block, each padded to
                // `stride`, and the sizes of the weight and the sums are asserted above.
                row += unsafe {
                    match (rows - row, V::LANES) {
                        (8.., 16) => block.sums::<V, 8, 2>(to, row_stride),
                        (4.., 16) => block.sums::<V, 4, 4>(to, row_stride),
                        (2.., 16) => block.sums::<V, 2, 8>(to, row_stride),
                        (_, 16) => block.sums::<V, 1, 16>(to, row_stride),
                        (4.., _) => block.sums::<V, 4, 2>(to, row_stride),
                        (2.., _) => block.sums::<V, 2, 4>(to, row_stride),
                        (_, _) => block.sums::<V, 1, 8>(to, row_stride),
                    }
                };
            }
        }
    }
}

/// The number of bytes that vector loads of the first `cols` rows of a weight read.
fn bytes_read(cols: usize, d_in: usize, stride: usize) -> usize {
    cols * d_in + stride - d_in
}

impl<V: Vector> Kernel for Dots<'_, V> {
    fn part_len(&self, weight: &Weight) -> usize {
        part_of_work(self.x.len(), weight.d_in, PART)
    }

    fn multiply(&self, weight: &Weight, columns: Range<usize>, take: &mut dyn FnMut(Tile)) {
        let (d_in, stride) = (weight.d_in, self.x.stride());
        let row_stride = columns.len().next_multiple_of(V::LANES);
        let mut sums = Words::unspecified(self.x.len() * row_stride);
        let values = weight.rows(columns.start);
        // Vector loads of the last rows would exceed the weight, so these rows are copied.
        let mut in_place = columns.len() / V::LANES * V::LANES;
        while in_place > 0 && bytes_read(in_place, d_in, stride) > values.len() {
            in_place -= V::LANES;
        }
        if in_place > 0 {
            // SAFETY: the caller of `new` guarantees the vectors.
            unsafe {
                V::vectorize(
                    #[inline(always)]
                    || self.sums(values, d_in, in_place, &mut sums, row_stride),
                );
            }
        }
        let copied = row_stride - in_place;
        if copied > 0 {
            let rest = &values[in_place * d_in..columns.len() * d_in];
            let words = bytes_read(copied, d_in, stride).div_ceil(size_of::<i32>());
            let mut copy = Words::zeros(words);
            copy.as_signed_bytes_mut()[..rest.len()].copy_from_slice(rest);
            let sums = &mut sums[in_place..];
            // SAFETY: the caller of `new` guarantees the vectors.
            unsafe {
                V::vectorize(
                    #[inline(always)]
                    || self.sums(copy.as_signed_bytes(), d_in, copied, sums, row_stride),
                );
            }
        }
        let rows = self.x.len();
        take(Tile { first_row: 0, rows, sums: &sums, stride: row_stride });
    }
}

/// Rows of x and [`Vector::LANES`] rows of a weight.
struct Block {
    x: *const u8,
    stride: usize,
    weight: *const i8,
    d_in: usize,
}

impl Block {
    /// Computes the dot products of `R` rows of x with the block, `W` rows at a time, so that R · W sums fill a vector. Returns
    /// `R`.
    ///
    /// # Safety
    /// The processor must support the vectors, x must have `R` rows, vectors in the weight's last row must be readable,
    /// and `to` must have `R` rows of [`Vector::LANES`] sums that are `row_stride` apart.
    #[inline(always)]
    unsafe fn sums<V: Vector, const R: usize, const W: usize>(
        &self,
        to: *mut i32,
        row_stride: usize,
    ) -> usize {
        let step = V::LANES * V::GROUP;
        for first in (0..V::LANES).step_by(W) {
            let mut reduced = [0; SUMS];
            // SAFETY: guaranteed by the caller; there are as many sums as a vector has lanes.
            unsafe {
                let weight = self.weight.add(first * self.d_in);
                let mut vectors = [V::zero(); SUMS];
                for k in (0..self.d_in).step_by(step) {
                    let x: [V::Words; R] =
                        std::array::from_fn(|row| V::expand(self.x.add(row * self.stride + k)));
                    for col in 0..W {
                        let weight = weight.add(col * self.d_in + k);
                        // The corresponding values of the next block.
                        prefetch(weight.wrapping_add(V::LANES * self.d_in));
                        let weight = V::expand_weight(weight);
                        for row in 0..R {
                            let sum = &mut vectors[row * W + col];
                            *sum = V::multiply_add(*sum, x[row], weight);
                        }
                    }
                }
                V::store(V::reduce(&vectors), reduced.as_mut_ptr());
            }
            for (row, sums) in reduced[..V::LANES].as_chunks::<W>().0.iter().enumerate() {
                // SAFETY: guaranteed by the caller.
                unsafe {
                    to.add(row * row_stride + first).cast::<[i32; W]>().write_unaligned(*sums)
                };
            }
        }
        R
    }
}
