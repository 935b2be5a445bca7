//! Chooses the routine for a projection X·Wᵀ by its number of rows. The table is in [`gemm`](super).
#![allow(unsafe_code)]

use rayon::prelude::*;

use super::dots::row_dots;
use super::matrix::Matrix;
use super::panels::Panels;
use super::row::multiply_row;
use super::serial::Output;
use super::tiles::multiply_tiled;
use super::transpose::transpose;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::segments::Segments;
use crate::flex::runtime::simd::vectorized;

/// The number of rows from which on panels are faster than dot products.
const PANEL_ROWS: usize = 9;

/// The number of rows up to which reading the weight in place is faster than processing tiles of its transpose.
const FEW_ROWS: usize = 64;

/// Multiply-adds per part of a projection with few rows.
const FEW_ROWS_PART: usize = 1 << 15;

/// The weight of a projection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight<'a> {
    /// `[d_out, d_in]`
    pub(crate) values: &'a [f32],
    pub(crate) d_in: usize,
    pub(crate) d_out: usize,
}

/// Computes `outputs[i]` = X·`weights[i]`ᵀ for the same rows X, `[rows, d_in]`, and calls `finish(i, row, first_column,
/// part_of_row)` once for each part of the outputs while it is in cache.
///
/// The results are the same as with a separate call for each weight.
pub(crate) fn project<const N: usize>(
    x: &[f32],
    rows: usize,
    weights: [Weight; N],
    outputs: [&mut [f32]; N],
    finish: impl Fn(usize, usize, usize, &mut [f32]) + Send + Sync,
) {
    if rows <= FEW_ROWS {
        return project_few(x, rows, weights, outputs, finish);
    }
    for (index, (weight, output)) in weights.into_iter().zip(outputs).enumerate() {
        weight.project_many(
            x,
            rows,
            output,
            #[inline(always)]
            |row, first, part| finish(index, row, first, part),
        );
    }
}

/// The input of a projection with few rows, `[rows, d_in]`.
struct FewRows<'a> {
    values: &'a [f32],
    rows: usize,
    panels: Option<Panels>,
}

/// Few rows: parallel over parts of the output features of all weights, so that each weight is read once.
fn project_few<const N: usize>(
    x: &[f32],
    rows: usize,
    weights: [Weight; N],
    outputs: [&mut [f32]; N],
    finish: impl Fn(usize, usize, usize, &mut [f32]) + Send + Sync,
) {
    let d_in = weights.first().map_or(0, |weight| weight.d_in);
    let panels = (rows >= PANEL_ROWS).then(|| Panels::new(x, d_in));
    let x = FewRows { values: x, rows, panels };
    let outputs = outputs.map(Segments::new);
    let n_parts = weights.map(|weight| weight.d_out.div_ceil(weight.part_len(rows)));
    let work = weights.map(|weight| parallel::matmul_work(rows, weight.d_in, weight.d_out));
    let all_parts: usize = n_parts.iter().sum();
    parallel::for_each((0..all_parts).into_par_iter(), work.iter().sum(), |mut part| {
        for (index, (weight, y)) in weights.iter().zip(&outputs).enumerate() {
            if part < n_parts[index] {
                // SAFETY: each part of each output is written by one task.
                return unsafe {
                    weight.project_part(
                        &x,
                        part,
                        y,
                        #[inline(always)]
                        |row, first, part| finish(index, row, first, part),
                    )
                };
            }
            part -= n_parts[index];
        }
    });
}

impl Weight<'_> {
    /// Output features per part of a projection with few rows.
    fn part_len(&self, rows: usize) -> usize {
        (FEW_ROWS_PART / (rows * self.d_in).max(1)).max(1).next_multiple_of(16)
    }

    /// Computes one part of the output features of few rows.
    ///
    /// # Safety
    /// No other call may write the same part of `y` at the same time.
    unsafe fn project_part(
        &self,
        x: &FewRows,
        part: usize,
        y: &Segments,
        finish: impl Fn(usize, usize, &mut [f32]),
    ) {
        let Self { values, d_in, d_out } = *self;
        let rows = x.rows;
        let first = part * self.part_len(rows);
        let (len, weight) = (self.part_len(rows).min(d_out - first), &values[first * d_in..]);
        let mut columns: Vec<&mut [f32]> = (0..rows)
            // SAFETY: rows do not overlap, other parts write other columns, and the caller rules out concurrent writes
            // to this part.
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
                for (row, part) in columns.into_iter().enumerate() {
                    finish(row, first, part);
                }
            },
        );
    }

    /// Computes a projection with many rows, in tiles.
    fn project_many(
        &self,
        x: &[f32],
        rows: usize,
        y: &mut [f32],
        finish: impl Fn(usize, usize, &mut [f32]) + Send + Sync,
    ) {
        let Self { values, d_in, d_out } = *self;
        let mut transposed = Buffer::unspecified(values.len());
        transpose(values, d_out, &mut transposed);
        let x = Matrix::new(x, rows, d_in, d_in);
        let weight = Matrix::new(&transposed, d_in, d_out, d_out);
        multiply_tiled(y, x, weight, Output::Replace, finish);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_routine_matches_the_definition_and_finishes_each_value_once() {
        let (d_in, d_outs) = (7, [5, 40]);
        for rows in [0, 1, 2, PANEL_ROWS - 1, PANEL_ROWS, FEW_ROWS, FEW_ROWS + 1, 300] {
            let x: Vec<f32> = (0..rows * d_in).map(|i| (i % 5) as f32).collect();
            let values: Vec<f32> = (0..40 * d_in).map(|i| (i % 7) as f32 - 3.0).collect();
            let weights =
                d_outs.map(|d_out| Weight { values: &values[..d_out * d_in], d_in, d_out });
            let mut outputs = d_outs.map(|d_out| vec![f32::NAN; rows * d_out]);
            let [first, second] = &mut outputs;
            let index_of = |weight, row, col| (1000 * weight + 10 * row + col) as f32;
            project(
                &x,
                rows,
                weights,
                [&mut first[..], &mut second[..]],
                |weight, row, first, part| {
                    for (col, value) in (first..).zip(part) {
                        *value += index_of(weight, row, col);
                    }
                },
            );
            for (index, (weight, output)) in weights.iter().zip(&outputs).enumerate() {
                for (row, x) in x.chunks(d_in).enumerate() {
                    for (col, values) in weight.values.chunks(d_in).enumerate() {
                        let sum: f32 = x.iter().zip(values).map(|(x, weight)| x * weight).sum();
                        let expected = sum + index_of(index, row, col);
                        assert_eq!(
                            output[row * weight.d_out + col],
                            expected,
                            "small integers are exact"
                        );
                    }
                }
            }
        }
    }
}
