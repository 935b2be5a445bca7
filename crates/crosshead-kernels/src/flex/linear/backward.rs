//! The gradients of y = activation(x·Wᵀ + b) over slices.

use crate::flex::buffer::Buffer;
use crate::flex::parallel::{self, rows_per_panel};
use crate::flex::product::{Matrix, Output, multiply};
use crate::flex::reduce::sum_columns;
use crate::flex::vectorized;

use super::forward::Map;

impl Map<'_> {
    /// Turns the gradient of the output into the gradient of the pre-activation, in place.
    ///
    /// `saved` is what [`Activation::backward`](crate::Activation) asks for.
    pub(super) fn backward_activation(&self, gradient: &mut [f32], saved: &[f32], rows: usize) {
        let (d_out, work) = (self.d_out, 8 * gradient.len());
        parallel::for_each_rows(gradient, d_out, rows_per_panel(rows), work, |first, panel| {
            let saved = &saved[first * d_out..][..panel.len()];
            vectorized(
                #[inline(always)]
                || self.activation.backward(panel, saved),
            );
        });
    }

    /// dX = dZ·W.
    pub(super) fn backward_input(&self, dz: &[f32], rows: usize) -> Buffer {
        let Self { weight, d_in, d_out, .. } = *self;
        let mut dx = Buffer::unspecified(rows * d_in);
        let weight = Matrix::new(weight, d_out, d_in, d_in);
        let work = parallel::product_work(rows, d_in, d_out);
        parallel::for_each_rows(&mut dx, d_in, rows_per_panel(rows), work, |first, panel| {
            let dz = Matrix::new(&dz[first * d_out..], panel.len() / d_in, d_out, d_out);
            multiply(panel, d_in, dz, weight, 1.0, Output::Replace);
        });
        dx
    }

    /// dW = dZᵀ·X.
    pub(super) fn backward_weight(&self, dz: &[f32], x: &[f32], rows: usize) -> Buffer {
        let Self { d_in, d_out, .. } = *self;
        let mut dw = Buffer::unspecified(d_out * d_in);
        let x = Matrix::new(x, rows, d_in, d_in);
        let work = parallel::product_work(rows, d_in, d_out);
        parallel::for_each_rows(&mut dw, d_in, rows_per_panel(d_out), work, |first, panel| {
            let columns = &dz[first.min(dz.len())..];
            let dz = Matrix::new(columns, rows, panel.len() / d_in, d_out).transposed();
            multiply(panel, d_in, dz, x, 1.0, Output::Replace);
        });
        dw
    }

    /// db = the sum of dZ over rows.
    pub(super) fn backward_bias(&self, dz: &[f32]) -> Buffer {
        sum_columns(dz, self.d_out)
    }
}
