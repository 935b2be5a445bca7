//! Matrices over slices.

use std::ops::Range;

/// A matrix over a slice: element (i, j) is at `i * row_stride + j * col_stride`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    pub(super) values: &'a [f32],
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) row_stride: usize,
    pub(super) col_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix with rows that start `row_stride` values apart.
    ///
    /// # Panics
    /// If `values` is too short.
    pub(crate) fn new(values: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        assert!(values.len() >= extent(rows, cols, row_stride), "matrix exceeds its slice");
        Self { values, rows, cols, row_stride, col_stride: 1 }
    }

    /// The transposed matrix.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// The rows in a range.
    pub(crate) fn row_range(self, range: Range<usize>) -> Self {
        let start = (range.start * self.row_stride).min(self.values.len());
        Self { values: &self.values[start..], rows: range.len(), ..self }
    }

    /// The columns in a range.
    pub(crate) fn col_range(self, range: Range<usize>) -> Self {
        self.transposed().row_range(range).transposed()
    }

    /// Whether the rows of a row-major matrix start a multiple of 4 KiB apart, so that a long column maps to only a few
    /// sets of every cache level.
    pub(super) fn columns_thrash_caches(self) -> bool {
        const PAGE: usize = 1024;
        const FEW: usize = 64;
        self.col_stride == 1 && self.row_stride.is_multiple_of(PAGE) && self.rows > FEW
    }

    /// Copies a row-major matrix into `buffer` without gaps between rows.
    pub(super) fn copied<'b>(self, buffer: &'b mut [f32]) -> Matrix<'b> {
        let buffer = &mut buffer[..self.rows * self.cols];
        for (row, copy) in buffer.chunks_exact_mut(self.cols.max(1)).enumerate() {
            copy.copy_from_slice(&self.values[row * self.row_stride..][..self.cols]);
        }
        Matrix::new(buffer, self.rows, self.cols, self.cols)
    }

    /// The numbers of rows and columns.
    pub(super) fn dims(&self) -> [usize; 2] {
        [self.rows, self.cols]
    }
}

/// Whether a column of `len` values `stride` apart exceeds the associativity of the cache sets that it maps to. Assumes
/// the smallest common L1 cache: 64 sets of 8 lines of 16 values.
pub(crate) fn compete_for_cache(len: usize, stride: usize) -> bool {
    const LINE: usize = 16;
    const SETS: usize = 64;
    const WAYS: usize = 8;
    let lines = stride / LINE;
    let sets = SETS >> lines.trailing_zeros().min(SETS.ilog2());
    stride > 0 && stride.is_multiple_of(LINE) && len > sets * WAYS
}

/// The number of values from the first to the last value of a row-major matrix.
pub(super) fn extent(rows: usize, cols: usize, row_stride: usize) -> usize {
    assert!(rows <= 1 || cols <= row_stride, "rows overlap");
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + cols }
}
