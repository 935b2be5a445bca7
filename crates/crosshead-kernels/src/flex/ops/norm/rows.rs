//! Normalization of rows over slices, with or without a residual connection before it.

use rayon::prelude::*;

use crate::args::dropout::DropoutMask;
use crate::flex::math::columns::combine;
use crate::flex::math::reduce::{dot, sum};
use crate::flex::ops::dropout::add_part;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;

/// Rows per part.
const PART: usize = 32;

/// A layer norm or, without β, a root-mean-square norm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Norm<'a> {
    pub(super) gamma: &'a [f32],
    pub(super) beta: Option<&'a [f32]>,
    pub(super) epsilon: f32,
}

/// The mean and the reciprocal standard deviation of a row; for a root-mean-square norm, 0 and the reciprocal root mean
/// square.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Statistics {
    mean: f32,
    scale: f32,
}

impl Norm<'_> {
    /// y = (x − mean)·scale·γ + β and the statistics of each row; without β, y = x·scale·γ.
    pub(super) fn forward(self, x: &[f32]) -> (Buffer, Vec<Statistics>) {
        let d_model = self.gamma.len();
        let mut y = Buffer::unspecified(x.len());
        let mut statistics = self.statistics(x);
        let parts = y
            .par_chunks_mut(PART * d_model.max(1))
            .zip(x.par_chunks(PART * d_model.max(1)))
            .zip(statistics.par_chunks_mut(PART));
        parallel::for_each(parts, 4 * x.len(), |((y, x), statistics)| {
            vectorized(
                #[inline(always)]
                || {
                    let rows = y.chunks_exact_mut(d_model).zip(x.chunks_exact(d_model));
                    for ((y, x), statistics) in rows.zip(statistics) {
                        *statistics = self.normalize(x, y);
                    }
                },
            );
        });
        (y, statistics)
    }

    /// The sum s = `residual` + x·mask, its norm as in [`forward`](Self::forward), and the statistics of each row of s.
    pub(super) fn forward_sum(
        self,
        residual: &[f32],
        x: &[f32],
        mask: Option<DropoutMask>,
    ) -> (Buffer, Buffer, Vec<Statistics>) {
        let d_model = self.gamma.len();
        let (mut sums, mut y) = (Buffer::unspecified(x.len()), Buffer::unspecified(x.len()));
        let mut statistics = self.statistics(x);
        let parts = y
            .par_chunks_mut(PART * d_model.max(1))
            .zip(sums.par_chunks_mut(PART * d_model.max(1)))
            .zip(statistics.par_chunks_mut(PART))
            .enumerate();
        parallel::for_each(parts, 8 * x.len(), |(part, ((y, sums), statistics))| {
            let first = part * PART * d_model;
            add_part(&residual[first..], &x[first..], mask, first, sums);
            vectorized(
                #[inline(always)]
                || {
                    let rows = y.chunks_exact_mut(d_model).zip(sums.chunks_exact(d_model));
                    for ((y, sum), statistics) in rows.zip(statistics) {
                        *statistics = self.normalize(sum, y);
                    }
                },
            );
        });
        (sums, y, statistics)
    }

    fn statistics(self, x: &[f32]) -> Vec<Statistics> {
        vec![Statistics::default(); x.len().checked_div(self.gamma.len()).unwrap_or(0)]
    }

    #[inline(always)]
    fn normalize(self, x: &[f32], y: &mut [f32]) -> Statistics {
        let Self { gamma, beta, epsilon } = self;
        let d_model = x.len() as f32;
        let Some(beta) = beta else {
            let scale = 1.0 / (dot(x, x) / d_model + epsilon).sqrt();
            let inputs = x.iter().zip(gamma);
            y.iter_mut().zip(inputs).for_each(|(y, (x, gamma))| *y = x * scale * gamma);
            return Statistics { mean: 0.0, scale };
        };
        let mean = sum(x) / d_model;
        y.iter_mut().zip(x).for_each(|(y, x)| *y = x - mean);
        let scale = 1.0 / (dot(y, y) / d_model + epsilon).sqrt();
        for ((y, gamma), beta) in y.iter_mut().zip(gamma).zip(beta) {
            *y = *y * scale * gamma + beta;
        }
        Statistics { mean, scale }
    }
}

/// The values that the backward pass reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saved<'a> {
    /// The input of the normalization.
    pub(super) x: &'a [f32],
    pub(super) gamma: &'a [f32],
    pub(super) statistics: &'a [Statistics],
    /// Whether the mean was subtracted.
    pub(super) centered: bool,
}

/// Replaces dY with dX in place and returns dγ and dβ. If there is a mask, writes dX·mask to its slice.
pub(super) fn backward(
    gradient: &mut [f32],
    saved: Saved,
    masked: Option<(DropoutMask, &mut [f32])>,
) -> (Buffer, Buffer) {
    let Saved { x, gamma, statistics, .. } = saved;
    let d_model = gamma.len();
    let part_len = PART * d_model.max(1);
    let parts = statistics.len().div_ceil(PART);
    let (mut d_gamma, mut d_beta) =
        (Buffer::zeros(parts * d_model), Buffer::zeros(parts * d_model));
    let (mask, masked) = masked.unzip();
    let row_parts = gradient
        .par_chunks_mut(part_len)
        .zip(x.par_chunks(part_len))
        .zip(statistics.par_chunks(PART))
        .zip(d_gamma.par_chunks_mut(d_model.max(1)))
        .zip(d_beta.par_chunks_mut(d_model.max(1)))
        .zip(parallel::optional_chunks(masked, part_len, parts))
        .enumerate();
    parallel::for_each(row_parts, 8 * x.len(), |(part, (sums, masked))| {
        let ((((gradient, x), statistics), d_gamma), d_beta) = sums;
        let mut normalized = vec![0.0; d_model];
        vectorized(
            #[inline(always)]
            || {
                let rows = gradient.chunks_exact_mut(d_model).zip(x.chunks_exact(d_model));
                for ((gradient, x), statistics) in rows.zip(statistics) {
                    let Statistics { mean, scale } = *statistics;
                    normalized.iter_mut().zip(x).for_each(|(n, x)| *n = (x - mean) * scale);
                    add_parameter_gradients(gradient, &normalized, d_gamma, d_beta);
                    differentiate(gradient, &normalized, gamma, scale, saved.centered);
                }
            },
        );
        if let (Some(mask), Some(masked)) = (mask, masked) {
            mask.factors(part * part_len, masked);
            vectorized(
                #[inline(always)]
                || masked.iter_mut().zip(gradient).for_each(|(masked, g)| *masked *= *g),
            );
        }
    });
    (combine(&d_gamma, d_model), combine(&d_beta, d_model))
}

#[inline(always)]
fn add_parameter_gradients(
    gradient: &[f32],
    normalized: &[f32],
    d_gamma: &mut [f32],
    d_beta: &mut [f32],
) {
    let sums = d_gamma.iter_mut().zip(d_beta);
    for ((d_gamma, d_beta), (gradient, normalized)) in sums.zip(gradient.iter().zip(normalized)) {
        *d_gamma += gradient * normalized;
        *d_beta += gradient;
    }
}

/// With n the normalized row and g = dY·γ: dX = scale·(g − mean(g) − n·mean(g·n)); mean(g) is left out if the forward
/// pass did not subtract the mean.
#[inline(always)]
fn differentiate(
    gradient: &mut [f32],
    normalized: &[f32],
    gamma: &[f32],
    scale: f32,
    centered: bool,
) {
    let d_model = gradient.len() as f32;
    gradient.iter_mut().zip(gamma).for_each(|(gradient, gamma)| *gradient *= gamma);
    let mean = if centered { sum(gradient) / d_model } else { 0.0 };
    let slope = dot(gradient, normalized) / d_model;
    for (gradient, normalized) in gradient.iter_mut().zip(normalized) {
        *gradient = scale * (*gradient - mean - normalized * slope);
    }
}
