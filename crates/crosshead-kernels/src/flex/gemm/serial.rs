//! Matrix multiplication on the calling thread, with the `gemm` crate.
#![allow(unsafe_code)]

use gemm::Parallelism;

use super::matrix::{Matrix, extent};

/// How a product is written to its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Overwrite the values without reading them.
    Replace,
    /// Add to the values.
    Add,
}

/// Writes `alpha`·`lhs`·`rhs` to `out`, or adds it to `out`, which is row-major with rows `row_stride` values apart.
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
    // SAFETY: checked by the assertion above; `out` is borrowed mutably, so it does not overlap the operands.
    unsafe { multiply_into(out.as_mut_ptr(), row_stride, lhs, rhs, alpha, output) }
}

/// Like [`multiply`], into memory that is part of a larger output.
///
/// # Safety
/// The inner dimensions must agree. Starting at `out`, the rows of the product, `row_stride` values apart, must be
/// initialized memory that nothing else reads or writes at the same time.
pub(super) unsafe fn multiply_into(
    out: *mut f32,
    row_stride: usize,
    lhs: Matrix,
    rhs: Matrix,
    alpha: f32,
    output: Output,
) {
    // SAFETY: every element of the operands is within its slice (see `Matrix::new`); the caller guarantees the output.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_match_their_definition() {
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
