//! y = activation(x·Wᵀ + b) over slices.
#![allow(unsafe_code)]

use rayon::prelude::*;

use crate::Activation;
use crate::flex::buffer::Buffer;
use crate::flex::dots::row_dots;
use crate::flex::matrix_vector::multiply_row;
use crate::flex::panels::Panels;
use crate::flex::product::{Matrix, Output};
use crate::flex::segments::Segments;
use crate::flex::tiles::multiply_tiled;
use crate::flex::transpose::transpose;
use crate::flex::{parallel, vectorized};

/// Up to this many rows, dot products with rows of the weight beat a product that first turns the weight round.
pub(super) const FEW_ROWS: usize = 64;

/// From so many rows on, products are by vectors of one feature of all rows.
const PANEL_ROWS: usize = 9;

/// Multiplications and additions of one part of a product with few rows.
const FEW_ROWS_PART: usize = 1 << 15;

/// Elements of one part of an activation.
pub(super) const ACTIVATION_PART: usize = 1 << 14;

/// An affine map followed by an activation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map<'a> {
    /// `[d_out, d_in]`
    pub(crate) weight: &'a [f32],
    /// `[d_out]`
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) d_in: usize,
    pub(crate) d_out: usize,
    pub(crate) activation: Activation,
}

/// Few rows, `[rows, d_in]`.
struct FewRows<'a> {
    values: &'a [f32],
    rows: usize,
    panels: Option<Panels>,
}

impl Map<'_> {
    /// The outputs of `rows` rows, and the pre-activations where a derivative needs them and `save` says so.
    pub(crate) fn forward(&self, x: &[f32], rows: usize, save: bool) -> (Buffer, Option<Buffer>) {
        let mut y = Buffer::unspecified(rows * self.d_out);
        if save && !self.activation.differentiates_by_output() {
            let mut z = Buffer::unspecified(rows * self.d_out);
            self.write_both(x, rows, &mut z, &mut y, |_, z, y| {
                y.copy_from_slice(z);
                self.activation.apply_with_bias(y, None);
            });
            (y, Some(z))
        } else {
            self.write(x, rows, &mut y);
            (y, None)
        }
    }

    /// `y` = activation(x·Wᵀ + b).
    pub(super) fn write(&self, x: &[f32], rows: usize, y: &mut [f32]) {
        if rows <= FEW_ROWS {
            write_few_rows(&[*self], x, rows, [y]);
        } else {
            let Self { bias, activation, .. } = *self;
            self.write_tiles(
                x,
                rows,
                y,
                #[inline(always)]
                |_, first, part| activation.apply_with_bias(part, bias.map(|bias| &bias[first..])),
            );
        }
    }

    /// `z` = x·Wᵀ + b, and `finish(index of its first value, part of z, the same part of y)` for every part of it.
    pub(super) fn write_both(
        &self,
        x: &[f32],
        rows: usize,
        z: &mut [f32],
        y: &mut [f32],
        finish: impl Fn(usize, &[f32], &mut [f32]) + Send + Sync,
    ) {
        let Self { bias, d_out, .. } = *self;
        if rows <= FEW_ROWS {
            write_few_rows(&[Self { activation: Activation::Identity, ..*self }], x, rows, [z]);
            parallel::for_each_rows(y, 1, ACTIVATION_PART, 8 * z.len(), |first, y| {
                vectorized(
                    #[inline(always)]
                    || finish(first, &z[first..][..y.len()], y),
                );
            });
            return;
        }
        let y = Segments::new(y);
        self.write_tiles(
            x,
            rows,
            z,
            #[inline(always)]
            |row, first, z| {
                Activation::Identity.apply_with_bias(z, bias.map(|bias| &bias[first..]));
                let index = row * d_out + first;
                // SAFETY: parts of tiles do not overlap, and nothing else reads or writes `y` meanwhile.
                finish(index, z, unsafe { y.segment(index, z.len()) });
            },
        );
    }

    /// Output features of one part of a product with few rows.
    fn part_len(&self, rows: usize) -> usize {
        (FEW_ROWS_PART / (rows * self.d_in).max(1)).max(1).next_multiple_of(16)
    }

    /// One part of the output features.
    ///
    /// # Safety
    /// While it runs, no other call may write the same part of `y`.
    unsafe fn write_part(&self, x: &FewRows<'_>, part: usize, y: &Segments<'_>) {
        let Self { weight, bias, d_in, d_out, activation } = *self;
        let rows = x.rows;
        let first = part * self.part_len(rows);
        let (len, weight) = (self.part_len(rows).min(d_out - first), &weight[first * d_in..]);
        let mut columns: Vec<&mut [f32]> = (0..rows)
            // SAFETY: rows do not overlap, other parts are of other columns, and the caller rules out the same part.
            .map(|row| unsafe { y.segment(row * d_out + first, len) })
            .collect();
        match (&mut columns[..], &x.panels) {
            ([row], _) => multiply_row(x.values, weight, row),
            (rows, None) => row_dots(x.values, weight, d_in, rows),
            (rows, Some(panels)) => panels.multiply(weight, rows),
        }
        vectorized(
            #[inline(always)]
            || {
                for row in columns {
                    activation.apply_with_bias(row, bias.map(|bias| &bias[first..]));
                }
            },
        );
    }

    /// Tiles, each finished while it is in cache.
    fn write_tiles(
        &self,
        x: &[f32],
        rows: usize,
        y: &mut [f32],
        finish: impl Fn(usize, usize, &mut [f32]) + Send + Sync,
    ) {
        let Self { weight, d_in, d_out, .. } = *self;
        let mut transposed = Buffer::unspecified(weight.len());
        transpose(weight, d_out, &mut transposed);
        let (x, weight) =
            (Matrix::new(x, rows, d_in, d_in), Matrix::new(&transposed, d_in, d_out, d_out));
        multiply_tiled(y, x, weight, Output::Replace, finish);
    }
}

/// The outputs of several maps of the same few rows, in parts of their output features, so that each weight is read once.
pub(super) fn write_few_rows<const N: usize>(
    maps: &[Map<'_>; N],
    x: &[f32],
    rows: usize,
    outputs: [&mut [f32]; N],
) {
    let d_in = maps.first().map_or(0, |map| map.d_in);
    let panels = (rows >= PANEL_ROWS).then(|| Panels::new(x, d_in));
    let x = FewRows { values: x, rows, panels };
    let outputs = outputs.map(Segments::new);
    let n_parts = maps.map(|map| map.d_out.div_ceil(map.part_len(rows)));
    let work = maps.iter().map(|map| parallel::product_work(rows, map.d_in, map.d_out)).sum();
    parallel::for_each((0..n_parts.iter().sum()).into_par_iter(), work, |mut part: usize| {
        for ((map, y), n_parts) in maps.iter().zip(&outputs).zip(n_parts) {
            if part < n_parts {
                // SAFETY: each part of each output is written once.
                return unsafe { map.write_part(&x, part, y) };
            }
            part -= n_parts;
        }
    });
}
