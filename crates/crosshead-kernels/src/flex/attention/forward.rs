//! softmax(scale · QKᵀ + bias)·V, block by block (Dao 2023, FlashAttention-2, algorithm 1).
#![allow(unsafe_code)]

use rayon::prelude::*;

use super::problem::{BLOCK_QUERIES, Block, Problem};
use super::segments::Segments;
use crate::flex::buffer::Buffer;
use crate::flex::product::{Matrix, Output, multiply};
use crate::flex::{math, parallel, vectorized};

/// The output, `[batch, q_len, n_heads, d_value]`, and log Σ exp(score) of every query,
/// `[batch, n_heads, q_len]`, which is ∞ where a query sees no key.
pub(super) fn forward(problem: &Problem) -> (Buffer, Buffer) {
    let sizes = problem.sizes;
    let queries = sizes.batch * sizes.n_heads * sizes.q_len;
    let mut out = Buffer::unspecified(queries * sizes.d_value);
    let mut log_sum_exp = Buffer::unspecified(queries);
    let (out_segments, log_segments) = (Segments::new(&mut out), Segments::new(&mut log_sum_exp));
    let blocks = sizes.q_len.div_ceil(BLOCK_QUERIES);
    let tasks = (0..sizes.batch * sizes.n_heads * blocks).into_par_iter();
    parallel::for_each(tasks, sizes.work(), |task| {
        let (head, first) = (task / blocks, task % blocks * BLOCK_QUERIES);
        let block = Block::new(problem, head / sizes.n_heads, head % sizes.n_heads, first);
        attend(&block, &out_segments, &log_segments);
    });
    (out, log_sum_exp)
}

/// Writes the outputs of a block's queries, and the logarithms of their totals.
fn attend(block: &Block, out: &Segments, log_sum_exp: &Segments) {
    let sizes = block.problem.sizes;
    let (rows, d_value) = (block.rows(), sizes.d_value);
    let mut states = vec![Softmax::default(); rows];
    let mut scores = Buffer::unspecified(block.scores_len());
    let mut factors = Buffer::unspecified(block.factors_len());
    let mut sums = Buffer::unspecified(rows * d_value); // Σ exp(score − peak)·v
    let mut output = Output::Replace;
    for keys in block.key_blocks() {
        let scores = &mut scores[..rows * keys.len()];
        block.scores(&keys, scores);
        vectorized(
            #[inline(always)]
            || {
                let rows = scores.chunks_exact_mut(keys.len()).zip(sums.chunks_exact_mut(d_value));
                for ((scores, sums), state) in rows.zip(&mut states) {
                    let factor = state.extend(scores);
                    if output == Output::Add {
                        sums.iter_mut().for_each(|sum| *sum *= factor);
                    }
                }
            },
        );
        if let Some(dropout) = block.problem.dropout {
            let factors = block.dropout_factors(dropout, &keys, &mut factors);
            vectorized(
                #[inline(always)]
                || {
                    for (scores, factors) in scores.chunks_exact_mut(keys.len()).zip(factors) {
                        scores.iter_mut().zip(factors).for_each(|(score, factor)| *score *= factor);
                    }
                },
            );
        }
        let weights = Matrix::new(scores, rows, keys.len(), keys.len());
        multiply(&mut sums, d_value, weights, block.v(&keys), 1.0, output);
        output = Output::Add;
    }
    if output == Output::Replace {
        sums.fill(0.0); // no key is visible
    }
    for ((query, sums), state) in block.queries.clone().zip(sums.chunks_exact(d_value)).zip(states)
    {
        let (first, row) = (
            sizes.query(block.batch, block.head, query),
            sizes.scores(block.batch, block.head, query),
        );
        // SAFETY: every query of every head belongs to one task, and both segments are its own.
        let (out, log_sum_exp) =
            unsafe { (out.segment(first * d_value, d_value), log_sum_exp.segment(row, 1)) };
        let (factor, log) = state.finish();
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * factor);
        log_sum_exp[0] = log;
    }
}

/// The softmax of a row of scores that arrive part by part (Milakov & Gimelshein 2018).
#[derive(Clone, Copy)]
struct Softmax {
    /// The greatest score so far, but finite.
    peak: f32,
    /// Σ exp(score − peak).
    total: f32,
}

impl Default for Softmax {
    fn default() -> Self {
        Self { peak: f32::MIN, total: 0.0 }
    }
}

impl Softmax {
    /// Takes in more scores, which become exp(score − peak); returns the factor of all that came before.
    #[inline(always)]
    fn extend(&mut self, scores: &mut [f32]) -> f32 {
        let peak = math::max(scores).max(self.peak);
        let factor = math::exp(self.peak - peak);
        self.total = self.total * factor + math::exp_and_sum(scores, peak);
        self.peak = peak;
        factor
    }

    /// The factor that makes exponentials weights, and log Σ exp(score).
    ///
    /// A row without a visible key has weights 0, and ∞ for a logarithm so that exp(score − ∞) is 0 again.
    fn finish(self) -> (f32, f32) {
        if self.total == 0.0 {
            (0.0, f32::INFINITY)
        } else {
            (1.0 / self.total, self.peak + self.total.ln())
        }
    }
}
