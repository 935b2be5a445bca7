//! Matrix products over slices, in the calling thread.
#![allow(unsafe_code)]

use std::ops::Range;

use gemm::Parallelism;

/// A matrix over a slice: element (i, j) is at `i * row_stride + j * col_stride`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix whose rows start `row_stride` values apart.
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
    pub(super) fn row_range(self, range: Range<usize>) -> Self {
        let start = (range.start * self.row_stride).min(self.values.len());
        Self { values: &self.values[start..], rows: range.len(), ..self }
    }

    /// The columns in a range.
    pub(super) fn col_range(self, range: Range<usize>) -> Self {
        self.transposed().row_range(range).transposed()
    }

    /// Whether the rows of a row-major matrix start a multiple of 4 KiB apart, so that a long column of it has room in
    /// few sets of every cache.
    pub(super) fn columns_thrash_caches(self) -> bool {
        const PAGE: usize = 1024;
        const FEW: usize = 64;
        self.col_stride == 1 && self.row_stride.is_multiple_of(PAGE) && self.rows > FEW
    }

    /// A row-major matrix, copied into `buffer` without gaps between its rows.
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

/// What a product does with the values that its output holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// They are replaced, and not read.
    Replace,
    /// The product is added to them.
    Add,
}

/// `out` = `alpha`·`lhs`·`rhs`, or plus that; `out` is row-major with rows `row_stride` values apart.
///
/// # Panics
/// If the inner dimensions differ or `out` is too short.
pub(crate) fn multiply(
    out: &mut [f32],
    row_stride: usize,
    lhs: Matrix,
    rhs: Matrix,
    alpha: f32,
    output: Output,
) {
    assert_eq!(lhs.cols, rhs.rows, "inner dimensions of a product");
    assert!(out.len() >= extent(lhs.rows, rhs.cols, row_stride), "product exceeds its output");
    // SAFETY: the assertion above; `out` is borrowed mutably, so it overlaps neither operand.
    unsafe { multiply_into(out.as_mut_ptr(), row_stride, lhs, rhs, alpha, output) }
}

/// [`multiply`] into memory that other parts of a larger output share.
///
/// # Safety
/// The inner dimensions must agree. From `out` on, the rows of the product, `row_stride` values apart, must be
/// initialized memory that nothing else reads or writes meanwhile.
pub(super) unsafe fn multiply_into(
    out: *mut f32,
    row_stride: usize,
    lhs: Matrix,
    rhs: Matrix,
    alpha: f32,
    output: Output,
) {
    // SAFETY: every element of the operands lies in its slice (see `Matrix::new`), and of the output where the caller
    // promises.
    unsafe {
        gemm::gemm(
            lhs.rows,
            rhs.cols,
            lhs.cols,
            out,
            1,
            row_stride as isize,
            output == Output::Add,
            lhs.values.as_ptr(),
            lhs.col_stride as isize,
            lhs.row_stride as isize,
            rhs.values.as_ptr(),
            rhs.col_stride as isize,
            rhs.row_stride as isize,
            1.0,
            alpha,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// Whether a column of values `stride` apart exceeds the ways of the cache sets that it falls into, for the 64 sets
/// of 8 lines of 16 values that first-level caches have at least.
pub(super) fn compete_for_cache(len: usize, stride: usize) -> bool {
    const LINE: usize = 16;
    const SETS: usize = 64;
    const WAYS: usize = 8;
    let lines = stride / LINE;
    let sets = SETS >> lines.trailing_zeros().min(SETS.ilog2());
    stride > 0 && stride.is_multiple_of(LINE) && len > sets * WAYS
}

/// The number of values from a row-major matrix's first to its last.
fn extent(rows: usize, cols: usize, row_stride: usize) -> usize {
    assert!(rows <= 1 || cols <= row_stride, "rows overlap");
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + cols }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_equal_their_definition() {
        let (rows, inner, cols) = (3, 5, 4);
        let a: Vec<f32> = (0..rows * 7).map(|i| i as f32).collect(); // rows 7 apart
        let b: Vec<f32> = (0..cols * inner).map(|i| (i as f32).sin()).collect(); // transposed
        let mut out = vec![1.0; rows * 6];
        let (lhs, rhs) =
            (Matrix::new(&a, rows, inner, 7), Matrix::new(&b, cols, inner, inner).transposed());
        multiply(&mut out, 6, lhs, rhs, 0.5, Output::Add);
        for i in 0..rows {
            for j in 0..cols {
                let sum: f32 = (0..inner).map(|k| a[i * 7 + k] * b[j * inner + k]).sum();
                assert!((out[i * 6 + j] - (1.0 + 0.5 * sum)).abs() < 1e-4);
            }
            assert_eq!(out[i * 6 + cols..i * 6 + 6], [1.0, 1.0], "between rows");
        }
    }
}
