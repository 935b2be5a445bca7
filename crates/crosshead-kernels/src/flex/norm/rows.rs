//! Normalization of rows, over slices.

use rayon::prelude::*;

use crate::flex::buffer::Buffer;
use crate::flex::math::{dot, sum};
use crate::flex::reduce::combine;
use crate::flex::{parallel, vectorized};

/// Rows of one part.
const PART: usize = 32;

/// Mean and reciprocal standard deviation of a row; of a root-mean-square norm 0 and the reciprocal root.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Statistics {
    mean: f32,
    scale: f32,
}

/// y = (x − mean)·scale·γ + β and the statistics of each row; without β, y = x·scale·γ.
pub(super) fn forward(
    x: &[f32],
    gamma: &[f32],
    beta: Option<&[f32]>,
    epsilon: f32,
) -> (Buffer, Vec<Statistics>) {
    let d_model = gamma.len();
    let mut y = Buffer::unspecified(x.len());
    let mut statistics = vec![Statistics::default(); x.len().checked_div(d_model).unwrap_or(0)];
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
                    *statistics = normalize(x, gamma, beta, epsilon, y);
                }
            },
        );
    });
    (y, statistics)
}

#[inline(always)]
fn normalize(
    x: &[f32],
    gamma: &[f32],
    beta: Option<&[f32]>,
    epsilon: f32,
    y: &mut [f32],
) -> Statistics {
    let d_model = x.len() as f32;
    let Some(beta) = beta else {
        let scale = 1.0 / (dot(x, x) / d_model + epsilon).sqrt();
        y.iter_mut().zip(x.iter().zip(gamma)).for_each(|(y, (x, gamma))| *y = x * scale * gamma);
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

/// Turns dY into dX, in place, and returns dγ and dβ; `centered` says whether the mean was taken off.
pub(super) fn backward(
    gradient: &mut [f32],
    x: &[f32],
    gamma: &[f32],
    statistics: &[Statistics],
    centered: bool,
) -> (Buffer, Buffer) {
    let d_model = gamma.len();
    let parts = statistics.len().div_ceil(PART);
    let (mut d_gamma, mut d_beta) =
        (Buffer::zeros(parts * d_model), Buffer::zeros(parts * d_model));
    let row_parts = gradient
        .par_chunks_mut(PART * d_model.max(1))
        .zip(x.par_chunks(PART * d_model.max(1)))
        .zip(statistics.par_chunks(PART))
        .zip(d_gamma.par_chunks_mut(d_model.max(1)))
        .zip(d_beta.par_chunks_mut(d_model.max(1)));
    parallel::for_each(
        row_parts,
        8 * x.len(),
        |((((gradient, x), statistics), d_gamma), d_beta)| {
            let mut normalized = vec![0.0; d_model];
            vectorized(
                #[inline(always)]
                || {
                    let rows = gradient.chunks_exact_mut(d_model).zip(x.chunks_exact(d_model));
                    for ((gradient, x), statistics) in rows.zip(statistics) {
                        let Statistics { mean, scale } = *statistics;
                        normalized.iter_mut().zip(x).for_each(|(n, x)| *n = (x - mean) * scale);
                        add_parameter_gradients(gradient, &normalized, d_gamma, d_beta);
                        differentiate(gradient, &normalized, gamma, scale, centered);
                    }
                },
            );
        },
    );
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

/// With n the normalized row and g = dY·γ: dX = scale·(g − mean(g) − n·mean(g·n)), without mean(g) if no mean was
/// taken off.
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
