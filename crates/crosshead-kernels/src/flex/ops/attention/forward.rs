//! softmax(scale · QKᵀ + bias)·V, block by block (Dao 2023, FlashAttention-2, algorithm 1).
#![allow(unsafe_code)]

use std::ops::Range;

use super::decoding;
use super::problem::{BLOCK_QUERIES, Block, Problem, runs};
use super::softmax::Softmax;
use crate::flex::gemm::matrix::Matrix;
use crate::flex::gemm::serial::{Output, multiply};
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::segments::Segments;
use crate::flex::runtime::simd::vectorized;

/// The output, `[batch, q_len, n_heads, d_value]`, and log Σ exp(score) of every query,
/// `[batch, n_heads, q_len]`, which is ∞ for a query without a visible key.
pub(super) fn forward(problem: &Problem) -> (Buffer, Buffer) {
    let sizes = problem.sizes;
    if sizes.q_len == 1 && problem.dropout.is_none() {
        return decoding::forward(problem);
    }
    let queries = sizes.batch * sizes.n_heads * sizes.q_len;
    let mut out = Buffer::unspecified(queries * sizes.d_value);
    let mut log_sum_exp = Buffer::unspecified(queries);
    let (out_segments, log_segments) = (Segments::new(&mut out), Segments::new(&mut log_sum_exp));
    let blocks = sizes.q_len.div_ceil(BLOCK_QUERIES);
    parallel::for_each(runs(sizes.batch * sizes.n_heads * blocks), sizes.work(), |run| {
        let mut state = State::new(problem);
        for task in run {
            let (head, first) = (task / blocks, task % blocks * BLOCK_QUERIES);
            let block = Block::new(problem, head / sizes.n_heads, head % sizes.n_heads, first);
            state.attend(&block);
            state.write(&block, &out_segments, &log_segments);
        }
    });
    (out, log_sum_exp)
}

/// The working memory for one block of queries.
struct State {
    softmax: Vec<Softmax>,
    /// Σ exp(score − peak)·v of each query, `[queries, d_value]`.
    sums: Buffer,
    /// Scores, then their exponentials, `[queries, keys]`.
    scores: Buffer,
    /// Keys, for a multiplication that reads columns.
    columns: Buffer,
    /// Dropout factors.
    factors: Buffer,
}

impl State {
    fn new(problem: &Problem) -> Self {
        let sizes = problem.sizes;
        Self {
            softmax: Vec::with_capacity(sizes.most_queries()),
            sums: Buffer::unspecified(sizes.most_queries() * sizes.d_value),
            scores: Buffer::unspecified(sizes.scores_len()),
            columns: Buffer::unspecified(sizes.columns_len()),
            factors: Buffer::unspecified(problem.dropout.map_or(0, |_| sizes.scores_len())),
        }
    }

    /// Processes all keys that are visible to the block.
    fn attend(&mut self, block: &Block) {
        let d_value = block.problem.sizes.d_value;
        self.softmax.clear();
        self.softmax.resize(block.rows(), Softmax::default());
        let mut output = Output::Replace;
        for keys in block.key_blocks() {
            self.exponentials(block, &keys, output == Output::Add);
            self.drop_out(block, &keys);
            let weights = Matrix::new(&self.scores, block.rows(), keys.len(), keys.len());
            let v = block.problem.v.matrix(block.batch, block.kv_head(), &keys);
            multiply(&mut self.sums, d_value, weights, v, 1.0, output);
            output = Output::Add;
        }
        if output == Output::Replace {
            self.sums.fill(0.0); // no key is visible
        }
    }

    /// Computes exp(score − peak); with `rescale`, multiplies the sums so far by exp(old peak − peak).
    fn exponentials(&mut self, block: &Block, keys: &Range<usize>, rescale: bool) {
        let d_value = block.problem.sizes.d_value;
        let scores = &mut self.scores[..block.rows() * keys.len()];
        block.scores(keys, scores, &mut self.columns);
        let rows = scores.chunks_exact_mut(keys.len()).zip(self.sums.chunks_exact_mut(d_value));
        vectorized(
            #[inline(always)]
            || {
                for ((scores, sums), softmax) in rows.zip(&mut self.softmax) {
                    let factor = softmax.extend(scores);
                    if rescale {
                        sums.iter_mut().for_each(|sum| *sum *= factor);
                    }
                }
            },
        );
    }

    /// Applies dropout to the exponentials; the totals of the softmax stay unchanged.
    fn drop_out(&mut self, block: &Block, keys: &Range<usize>) {
        let Some(dropout) = block.problem.dropout else { return };
        let factors = block.dropout_factors(dropout, keys, &mut self.factors);
        let rows = self.scores.chunks_exact_mut(keys.len()).zip(factors);
        vectorized(
            #[inline(always)]
            || {
                for (scores, factors) in rows {
                    scores.iter_mut().zip(factors).for_each(|(score, factor)| *score *= factor);
                }
            },
        );
    }

    /// Writes the outputs of the queries of a block, and their log Σ exp(score).
    fn write(&self, block: &Block, out: &Segments, log_sum_exp: &Segments) {
        let sizes = block.problem.sizes;
        let rows = self.sums.chunks_exact(sizes.d_value).zip(&self.softmax);
        vectorized(
            #[inline(always)]
            || {
                for (query, (sums, softmax)) in block.queries.clone().zip(rows) {
                    let first = sizes.query(block.batch, block.head, query) * sizes.d_value;
                    let row = sizes.scores(block.batch, block.head, query);
                    // SAFETY: every query of every head belongs to one task, and both segments belong to the query.
                    let (out, log_sum_exp) =
                        unsafe { (out.segment(first, sizes.d_value), log_sum_exp.segment(row, 1)) };
                    let (factor, log) = softmax.finish();
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * factor);
                    log_sum_exp[0] = log;
                }
            },
        );
    }
}
