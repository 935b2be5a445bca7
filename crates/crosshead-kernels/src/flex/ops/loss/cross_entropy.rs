//! The cross-entropy of projected rows and its gradients, in panels of rows and blocks of classes.
//!
//! The logits of a panel are kept only until its gradients are computed, as one contiguous matrix `[panel_rows,
//! block_len]` per block of classes, so that blocks can be computed in parallel.

use rayon::prelude::*;

use crate::flex::gemm::matrix::Matrix;
use crate::flex::gemm::serial::{Output, multiply};
use crate::flex::math::exp::exp;
use crate::flex::math::reduce::{exp_and_sum, max, sum};
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;

/// The number of classes per block; with d_model 256, a block is half a MiB of the weight.
const BLOCK_CLASSES: usize = 512;

/// The number of rows per task for the gradient with respect to x, which reads the entire weight.
const TASK_ROWS: usize = 128;

/// The arguments of the cross-entropy; all matrices are row-major.
#[derive(Clone, Copy)]
pub(super) struct Problem<'a> {
    /// `[rows, d_model]`
    pub(super) x: &'a [f32],
    /// `[vocab_size, d_model]`
    pub(super) weight: &'a [f32],
    /// `[vocab_size]`
    pub(super) bias: Option<&'a [f32]>,
    /// A class for each row.
    pub(super) labels: &'a [usize],
    /// The number of classes, which correspond to the first rows of the weight.
    pub(super) n_classes: usize,
    /// ε, the probability mass of the target that is spread evenly over the classes.
    pub(super) epsilon: f32,
    /// The weight of the squared logarithm of the partition function.
    pub(super) z_loss: f32,
    pub(super) d_model: usize,
}

/// Which gradients are requested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requested {
    pub(super) x: bool,
    pub(super) weight: bool,
    pub(super) bias: bool,
}

/// The loss summed over rows, and the requested gradients, each in the shape of its operand.
pub(super) struct Solution {
    pub(super) loss: f64,
    pub(super) x: Option<Buffer>,
    pub(super) weight: Option<Buffer>,
    pub(super) bias: Option<Buffer>,
}

/// Statistics of the logits of a row in one block.
#[derive(Clone, Copy, Default)]
struct Statistics {
    /// The greatest logit, which is finite.
    peak: f32,
    /// Σ exp(logit − peak).
    total: f32,
    /// Σ logit.
    sum: f32,
    /// The logit of the label; 0 if the label is in a different block.
    label: f32,
}

/// Computes the loss and the requested gradients.
pub(super) fn solve(problem: &Problem, requested: Requested) -> Solution {
    let Problem { x, weight, labels, n_classes, d_model, .. } = *problem;
    let (rows, vocab_size) = (labels.len(), weight.len() / d_model);
    let mut solution = Solution {
        loss: 0.0,
        x: requested.x.then(|| Buffer::unspecified(x.len())),
        weight: requested.weight.then(|| Buffer::unspecified(weight.len())),
        bias: requested.bias.then(|| Buffer::zeros(vocab_size)),
    };
    if let Some(gradient) = &mut solution.weight {
        let untouched = if rows == 0 { 0 } else { n_classes * d_model };
        gradient[untouched..].fill(0.0);
    }
    let panel_rows = panel_rows(rows, n_classes);
    let mut logits = Buffer::unspecified(panel_rows * n_classes);
    let mut statistics =
        vec![Statistics::default(); panel_rows * n_classes.div_ceil(BLOCK_CLASSES)];
    for first in (0..rows).step_by(panel_rows.max(1)) {
        let panel = Panel { problem, first, rows: panel_rows.min(rows - first) };
        panel.solve(&mut logits, &mut statistics, &mut solution);
    }
    solution
}

/// The number of rows per panel: small enough for the logits to fit into a large cache, and large enough that reading
/// the entire weight and its gradient once per panel costs little compared to the multiplications.
fn panel_rows(rows: usize, n_classes: usize) -> usize {
    let most = ((1 << 22) / n_classes.max(1)).clamp(2 * TASK_ROWS, 8 * TASK_ROWS);
    let panels = rows.div_ceil(most).max(1);
    rows.div_ceil(panels).next_multiple_of(TASK_ROWS).min(rows)
}

/// A panel of rows.
struct Panel<'a> {
    problem: &'a Problem<'a>,
    first: usize,
    rows: usize,
}

impl Panel<'_> {
    fn solve(&self, logits: &mut [f32], statistics: &mut [Statistics], solution: &mut Solution) {
        let Problem { n_classes, d_model, .. } = *self.problem;
        let logits = &mut logits[..self.rows * n_classes];
        let statistics = &mut statistics[..self.rows * n_classes.div_ceil(BLOCK_CLASSES)];
        self.exponentials(logits, statistics);
        let log_sum_exp = self.log_sum_exp(statistics);
        solution.loss += self.loss(statistics, &log_sum_exp);
        let Solution { x, weight, bias, .. } = solution;
        if x.is_none() && weight.is_none() && bias.is_none() {
            return;
        }
        let weight = weight.as_mut().map(|weight| &mut weight[..n_classes * d_model]);
        let bias = bias.as_mut().map(|bias| &mut bias[..n_classes]);
        self.class_gradients(logits, statistics, &log_sum_exp, weight, bias);
        if let Some(x) = x {
            let end = self.first + self.rows;
            self.x_gradient(logits, &mut x[self.first * d_model..end * d_model]);
        }
    }

    fn labels(&self) -> &[usize] {
        &self.problem.labels[self.first..self.first + self.rows]
    }

    /// The rows of x in this panel, `[rows, d_model]`.
    fn x(&self) -> Matrix<'_> {
        let d_model = self.problem.d_model;
        Matrix::new(&self.problem.x[self.first * d_model..], self.rows, d_model, d_model)
    }

    /// The rows of the weight in block `block` of `len` classes, `[len, d_model]`.
    fn weight(&self, block: usize, len: usize) -> Matrix<'_> {
        let d_model = self.problem.d_model;
        let first = block * BLOCK_CLASSES * d_model;
        Matrix::new(&self.problem.weight[first..], len, d_model, d_model)
    }

    /// The work of one of the three matrix multiplications.
    fn work(&self) -> usize {
        parallel::matmul_work(self.rows, self.problem.n_classes, self.problem.d_model)
    }

    /// Fills `logits` with exp(logit − peak of the row in the block), and `statistics`, `[blocks, rows]`.
    fn exponentials(&self, logits: &mut [f32], statistics: &mut [Statistics]) {
        let blocks = logits
            .par_chunks_mut(self.rows * BLOCK_CLASSES)
            .zip(statistics.par_chunks_mut(self.rows))
            .enumerate();
        parallel::for_each(blocks, self.work(), |(block, (logits, statistics))| {
            let len = logits.len() / self.rows;
            let weight = self.weight(block, len).transposed();
            multiply(logits, len, self.x(), weight, 1.0, Output::Replace);
            let first = block * BLOCK_CLASSES;
            let bias = self.problem.bias.map(|bias| &bias[first..first + len]);
            let rows = logits.chunks_exact_mut(len).zip(statistics).zip(self.labels());
            vectorized(
                #[inline(always)]
                || {
                    for ((logits, statistics), &label) in rows {
                        *statistics = exponentials(logits, bias, label.wrapping_sub(first));
                    }
                },
            );
        });
    }

    /// The statistics of a row, block by block.
    fn row<'s>(
        &self,
        statistics: &'s [Statistics],
        row: usize,
    ) -> impl Iterator<Item = &'s Statistics> + Clone + use<'s> {
        statistics[row..].iter().step_by(self.rows)
    }

    /// log Σ exp(logit) of each row.
    fn log_sum_exp(&self, statistics: &[Statistics]) -> Vec<f32> {
        let of_row = |row| {
            let blocks = self.row(statistics, row);
            let peak = blocks.clone().map(|block| block.peak).fold(f32::MIN, f32::max);
            let total: f32 = blocks.map(|block| block.total * exp(block.peak - peak)).sum();
            peak + total.ln()
        };
        (0..self.rows).map(of_row).collect()
    }

    fn loss(&self, statistics: &[Statistics], log_sum_exp: &[f32]) -> f64 {
        let [epsilon, z_loss] = [self.problem.epsilon, self.problem.z_loss].map(f64::from);
        let uniform = epsilon / self.problem.n_classes as f64;
        let of_row = |(row, &log_sum_exp): (usize, &f32)| {
            let blocks = self.row(statistics, row);
            let label: f64 = blocks.clone().map(|block| f64::from(block.label)).sum();
            let sum: f64 = blocks.map(|block| f64::from(block.sum)).sum();
            let smoothed =
                if epsilon == 0.0 { label } else { (1.0 - epsilon) * label + uniform * sum };
            let log_sum_exp = f64::from(log_sum_exp);
            let penalty = if z_loss == 0.0 { 0.0 } else { z_loss * log_sum_exp.powi(2) };
            log_sum_exp - smoothed + penalty
        };
        log_sum_exp.iter().enumerate().map(of_row).sum()
    }

    /// Replaces the exponentials by the gradient of the logits, softmax · (1 + 2 · z-loss · log Z) − target, and adds the contribution of this
    /// panel to the gradients of the weight and the bias.
    fn class_gradients(
        &self,
        logits: &mut [f32],
        statistics: &[Statistics],
        log_sum_exp: &[f32],
        weight: Option<&mut [f32]>,
        bias: Option<&mut [f32]>,
    ) {
        let Problem { n_classes, d_model, epsilon, z_loss, .. } = *self.problem;
        let (on_label, uniform) = (1.0 - epsilon, epsilon / n_classes as f32);
        let n_blocks = n_classes.div_ceil(BLOCK_CLASSES);
        let output = if self.first == 0 { Output::Replace } else { Output::Add };
        let blocks = logits
            .par_chunks_mut(self.rows * BLOCK_CLASSES)
            .zip(statistics.par_chunks(self.rows))
            .zip(parallel::optional_chunks(weight, BLOCK_CLASSES * d_model, n_blocks))
            .zip(parallel::optional_chunks(bias, BLOCK_CLASSES, n_blocks))
            .enumerate();
        parallel::for_each(
            blocks,
            self.work(),
            |(block, (((logits, statistics), weight), bias))| {
                let len = logits.len() / self.rows;
                let mut bias = bias;
                let rows = logits.chunks_exact_mut(len).zip(statistics).zip(log_sum_exp);
                vectorized(
                    #[inline(always)]
                    || {
                        for (((logits, statistics), log_sum_exp), &label) in rows.zip(self.labels())
                        {
                            let factor = exp(statistics.peak - log_sum_exp)
                                * (1.0 + 2.0 * z_loss * log_sum_exp);
                            for logit in logits.iter_mut() {
                                *logit = *logit * factor - uniform;
                            }
                            if let Some(logit) =
                                logits.get_mut(label.wrapping_sub(block * BLOCK_CLASSES))
                            {
                                *logit -= on_label;
                            }
                            if let Some(bias) = bias.as_deref_mut() {
                                bias.iter_mut()
                                    .zip(logits)
                                    .for_each(|(sum, residual)| *sum += *residual);
                            }
                        }
                    },
                );
                if let Some(weight) = weight {
                    let residuals = Matrix::new(logits, self.rows, len, len).transposed();
                    multiply(weight, d_model, residuals, self.x(), 1.0, output);
                }
            },
        );
    }

    /// The gradient of x, `[rows, d_model]`, from the gradient of the logits.
    fn x_gradient(&self, residuals: &[f32], gradient: &mut [f32]) {
        let d_model = self.problem.d_model;
        parallel::for_each_rows(gradient, d_model, TASK_ROWS, self.work(), |first, gradient| {
            let rows = gradient.len() / d_model;
            for (block, residuals) in residuals.chunks(self.rows * BLOCK_CLASSES).enumerate() {
                let len = residuals.len() / self.rows;
                let residuals = Matrix::new(&residuals[first * len..], rows, len, len);
                let output = if block == 0 { Output::Replace } else { Output::Add };
                multiply(gradient, d_model, residuals, self.weight(block, len), 1.0, output);
            }
        });
    }
}

/// Adds the bias to the logits of a row in one block and replaces them with exp(logit − peak).
#[inline(always)]
fn exponentials(logits: &mut [f32], bias: Option<&[f32]>, label: usize) -> Statistics {
    if let Some(bias) = bias {
        logits.iter_mut().zip(bias).for_each(|(logit, bias)| *logit += bias);
    }
    let (label, sum) = (logits.get(label).copied().unwrap_or(0.0), sum(logits));
    let peak = max(logits).max(f32::MIN);
    Statistics { peak, total: exp_and_sum(logits, peak), sum, label }
}
