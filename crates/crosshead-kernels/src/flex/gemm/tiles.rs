//! Parallel matrix multiplication, tile by tile.
#![allow(unsafe_code)]

use std::ops::Range;

use rayon::prelude::*;

use super::matrix::Matrix;
use super::serial::{Output, multiply_into};
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;

/// Writes `lhs`·`rhs` to the row-major `out`, or adds it to `out`, and calls `finish(row, first_column, part_of_row)`
/// for each row of each tile while the tile is in cache.
///
/// # Panics
/// If the inner dimensions differ or the size of `out` does not match.
pub(crate) fn multiply_tiled(
    out: &mut [f32],
    lhs: Matrix,
    rhs: Matrix,
    output: Output,
    finish: impl Fn(usize, usize, &mut [f32]) + Send + Sync,
) {
    let ([rows, inner], [rhs_rows, cols]) = (lhs.dims(), rhs.dims());
    assert_eq!(inner, rhs_rows, "inner dimensions of a product");
    assert_eq!(out.len(), rows * cols, "size of a product");
    let grid = Grid::new(rows, cols);
    let out = Shared(out.as_mut_ptr());
    let work = parallel::matmul_work(rows, inner, cols);
    parallel::for_each((0..grid.tiles()).into_par_iter(), work, |tile| {
        let (tile_rows, tile_cols) = grid.tile(tile);
        let (lhs, rhs) = (lhs.row_range(tile_rows.clone()), rhs.col_range(tile_cols.clone()));
        // SAFETY: the tile is within `out`, whose size was checked above, and only this task accesses it; the borrow of
        // `out` outlives the tasks.
        unsafe {
            let first = out.at(tile_rows.start * cols + tile_cols.start);
            multiply_tile(first, cols, lhs, rhs, output);
            vectorized(
                #[inline(always)]
                || {
                    for row in tile_rows.clone() {
                        let start = first.add((row - tile_rows.start) * cols);
                        let part = std::slice::from_raw_parts_mut(start, tile_cols.len());
                        finish(row, tile_cols.start, part);
                    }
                },
            );
        }
    });
}

/// Computes one tile. If packing a transposed `lhs` in place would thrash the caches, its rows are copied first, a part
/// at a time; without this, the multiplication would lose a quarter of its speed.
///
/// # Safety
/// See [`multiply_into`].
unsafe fn multiply_tile(
    out: *mut f32,
    row_stride: usize,
    lhs: Matrix,
    rhs: Matrix,
    mut output: Output,
) {
    /// The length of a part along the inner dimension.
    const DEPTH: usize = 512;
    let (columns, [rows, inner]) = (lhs.transposed(), lhs.dims());
    if !columns.columns_thrash_caches() {
        // SAFETY: guaranteed by the caller.
        return unsafe { multiply_into(out, row_stride, lhs, rhs, 1.0, output) };
    }
    let mut copy = Buffer::unspecified(DEPTH.min(inner) * rows);
    for start in (0..inner).step_by(DEPTH) {
        let part = start..inner.min(start + DEPTH);
        let lhs = columns.row_range(part.clone()).copied(&mut copy).transposed();
        // SAFETY: guaranteed by the caller.
        unsafe { multiply_into(out, row_stride, lhs, rhs.row_range(part), 1.0, output) };
        output = Output::Add;
    }
}

/// The start of an output to which tasks write disjoint tiles.
#[derive(Clone, Copy)]
struct Shared(*mut f32);

// SAFETY: a pointer into a slice of f32, which may be written from any thread; tasks write disjoint tiles.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// # Safety
    /// `index` must not exceed the slice.
    unsafe fn at(self, index: usize) -> *mut f32 {
        // SAFETY: guaranteed by the caller.
        unsafe { self.0.add(index) }
    }
}

/// A partition of a matrix into tiles that depends only on its shape.
#[derive(Clone, Copy, Debug)]
struct Grid {
    rows: usize,
    cols: usize,
    tile_rows: usize,
    tile_cols: usize,
}

impl Grid {
    /// Chooses tiles of about equal height that are large enough to amortize packing and numerous enough for a few
    /// threads.
    fn new(rows: usize, cols: usize) -> Self {
        const ENOUGH: usize = 8;
        let sizes = [(256, 128), (256, 64), (128, 64)];
        let grid = sizes.map(|(most_rows, tile_cols)| {
            let tile_rows = rows.div_ceil(rows.div_ceil(most_rows).max(1)).max(1);
            Self { rows, cols, tile_rows, tile_cols }
        });
        grid.into_iter().find(|grid| grid.tiles() >= ENOUGH).unwrap_or(grid[2])
    }

    fn tiles(self) -> usize {
        self.rows.div_ceil(self.tile_rows) * self.cols.div_ceil(self.tile_cols)
    }

    /// The rows and columns of a tile; tiles with the same rows are consecutive.
    fn tile(self, index: usize) -> (Range<usize>, Range<usize>) {
        let across = self.cols.div_ceil(self.tile_cols);
        let (row, col) = (index / across * self.tile_rows, index % across * self.tile_cols);
        (row..(row + self.tile_rows).min(self.rows), col..(col + self.tile_cols).min(self.cols))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_element_once() {
        for (rows, cols) in [(0, 5), (5, 0), (1, 1), (64, 64), (300, 200), (1000, 1000)] {
            let grid = Grid::new(rows, cols);
            let mut covered = vec![0; rows * cols];
            for (tile_rows, tile_cols) in (0..grid.tiles()).map(|index| grid.tile(index)) {
                for row in tile_rows {
                    covered[row * cols..][tile_cols.clone()]
                        .iter_mut()
                        .for_each(|count| *count += 1);
                }
            }
            assert!(covered.iter().all(|&count| count == 1), "{rows}×{cols}");
        }
    }

    #[test]
    fn products_match_their_definition_and_are_finished_once() {
        // The last one is copied in two parts.
        let sizes = [(1, 1, 1), (3, 0, 5), (130, 7, 70), (520, 3, 300), (1024, 600, 3)];
        for (rows, inner, cols) in sizes {
            let lhs: Vec<f32> = (0..inner * rows).map(|i| (i % 7) as f32).collect(); // transposed
            let rhs: Vec<f32> = (0..inner * cols).map(|i| (i % 5) as f32).collect();
            let mut out = vec![f32::NAN; rows * cols];
            multiply_tiled(
                &mut out,
                Matrix::new(&lhs, inner, rows, rows).transposed(),
                Matrix::new(&rhs, inner, cols, cols),
                Output::Replace,
                |row, first, part| {
                    for (col, value) in (first..).zip(part) {
                        *value += (row * cols + col) as f32;
                    }
                },
            );
            for i in 0..rows {
                for j in 0..cols {
                    let sum: f32 = (0..inner).map(|k| lhs[k * rows + i] * rhs[k * cols + j]).sum();
                    let index = i * cols + j;
                    assert_eq!(out[index], sum + index as f32, "small integers are exact");
                }
            }
        }
    }
}
