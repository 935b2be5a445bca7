//! The gradients of y = activation(x·Wᵀ + b) over slices.

use super::forward::Map;
use crate::flex::gemm::dispatch::Weight;
use crate::flex::gemm::matrix::Matrix;
use crate::flex::gemm::serial::Output;
use crate::flex::gemm::tiles::multiply_tiled;
use crate::flex::math::columns::sum_columns;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;

/// Elements per part of an activation.
pub(super) const ACTIVATION_PART: usize = 1 << 14;

impl Map<'_> {
    /// Converts the gradient of the output into the gradient of the pre-activation, in place.
    ///
    /// `saved` is as in [`Activation::backward`](crate::Activation).
    pub(super) fn backward_activation(&self, gradient: &mut [f32], saved: &[f32]) {
        let work = 8 * gradient.len();
        parallel::for_each_rows(gradient, 1, ACTIVATION_PART, work, |first, gradient| {
            vectorized(
                #[inline(always)]
                || self.activation.backward(gradient, &saved[first..]),
            );
        });
    }

    /// dX = dZ·W.
    pub(super) fn backward_input(&self, dz: &[f32], rows: usize) -> Buffer {
        let mut dx = Buffer::unspecified(rows * self.weight.d_in);
        self.write_backward_input(dz, rows, &mut dx, Output::Replace);
        dx
    }

    /// Writes dX = dZ·W, or adds it to dX.
    pub(super) fn write_backward_input(
        &self,
        dz: &[f32],
        rows: usize,
        dx: &mut [f32],
        output: Output,
    ) {
        let Weight { values, d_in, d_out } = self.weight;
        let dz = Matrix::new(dz, rows, d_out, d_out);
        multiply_tiled(dx, dz, Matrix::new(values, d_out, d_in, d_in), output, |_, _, _| {});
    }

    /// dW = dZᵀ·X.
    pub(super) fn backward_weight(&self, dz: &[f32], x: &[f32], rows: usize) -> Buffer {
        let Weight { d_in, d_out, .. } = self.weight;
        let mut dw = Buffer::unspecified(d_out * d_in);
        let dz = Matrix::new(dz, rows, d_out, d_out).transposed();
        let x = Matrix::new(x, rows, d_in, d_in);
        multiply_tiled(&mut dw, dz, x, Output::Replace, |_, _, _| {});
        dw
    }

    /// db: the sum of dZ over rows.
    pub(super) fn backward_bias(&self, dz: &[f32]) -> Buffer {
        sum_columns(dz, self.weight.d_out)
    }
}
