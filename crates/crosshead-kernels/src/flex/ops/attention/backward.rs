//! The backward pass of attention, which recomputes the attention weights block by block (Dao 2023, FlashAttention-2,
//! algorithm 2).
#![allow(unsafe_code)]

use std::ops::Range;

use super::heads::Heads;
use super::problem::{BLOCK_QUERIES, Block, Problem, runs};
use crate::flex::gemm::matrix::Matrix;
use crate::flex::gemm::serial::{Output, multiply};
use crate::flex::math::exp::exp;
use crate::flex::math::reduce::dot;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::segments::Segments;
use crate::flex::runtime::simd::vectorized;

/// The results of the forward pass, and the gradient of its output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome<'a> {
    /// `[batch, q_len, n_heads, d_value]`
    pub(super) out: Heads<'a>,
    /// `[batch, q_len, n_heads, d_value]`
    pub(super) gradient: Heads<'a>,
    /// `[batch, n_heads, q_len]`
    pub(super) log_sum_exp: &'a [f32],
}

/// One value per operand. The gradient of the bias has the shape of the scores, `[batch, n_heads, q_len, k_len]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Each<T> {
    pub(super) q: T,
    pub(super) k: T,
    pub(super) v: T,
    pub(super) bias: T,
}

/// Computes the requested gradients.
pub(super) fn backward(
    problem: &Problem,
    outcome: &Outcome,
    requested: Each<bool>,
) -> Each<Option<Buffer>> {
    let sizes = problem.sizes;
    let queries = sizes.batch * sizes.n_heads * sizes.q_len;
    let keys = sizes.batch * sizes.n_kv_heads * sizes.k_len;
    let mut gradients = Each {
        q: requested.q.then(|| Buffer::unspecified(queries * sizes.d_head)),
        k: requested.k.then(|| Buffer::unspecified(keys * sizes.d_head)),
        v: requested.v.then(|| Buffer::unspecified(keys * sizes.d_value)),
        bias: requested.bias.then(|| Buffer::zeros(queries * sizes.k_len)),
    };
    let segments = Each {
        q: gradients.q.as_deref_mut().map(Segments::new),
        k: gradients.k.as_deref_mut().map(Segments::new),
        v: gradients.v.as_deref_mut().map(Segments::new),
        bias: gradients.bias.as_deref_mut().map(Segments::new),
    };
    parallel::for_each(runs(sizes.batch * sizes.n_kv_heads), sizes.work(), |run| {
        let mut state = State::new(problem, outcome, &segments);
        for task in run {
            state.run(task / sizes.n_kv_heads, task % sizes.n_kv_heads);
        }
    });
    gradients
}

/// The working memory for one key/value head and the query heads that use it.
struct State<'a> {
    problem: &'a Problem<'a>,
    outcome: &'a Outcome<'a>,
    gradients: &'a Each<Option<Segments<'a>>>,
    /// The gradient of a block of queries, `[queries, d_head]`.
    q: Buffer,
    /// The accumulated gradient of the keys, `[k_len, d_head]`.
    k: Buffer,
    /// The accumulated gradient of the values, `[k_len, d_value]`.
    v: Buffer,
    /// The scores of a block, then its attention weights.
    weights: Buffer,
    /// The gradient of the attention weights, then of the scores.
    scores: Buffer,
    /// Keys or values, for a multiplication that reads columns.
    columns: Buffer,
    /// Dropout factors.
    factors: Buffer,
}

impl<'a> State<'a> {
    fn new(
        problem: &'a Problem<'a>,
        outcome: &'a Outcome<'a>,
        gradients: &'a Each<Option<Segments<'a>>>,
    ) -> Self {
        let sizes = problem.sizes;
        let buffer =
            |requested: bool, len: usize| Buffer::unspecified(if requested { len } else { 0 });
        Self {
            problem,
            outcome,
            gradients,
            q: buffer(gradients.q.is_some(), sizes.most_queries() * sizes.d_head),
            k: buffer(gradients.k.is_some(), sizes.k_len * sizes.d_head),
            v: buffer(gradients.v.is_some(), sizes.k_len * sizes.d_value),
            weights: Buffer::unspecified(sizes.scores_len()),
            scores: Buffer::unspecified(sizes.scores_len()),
            columns: Buffer::unspecified(sizes.columns_len()),
            factors: buffer(problem.dropout.is_some(), sizes.scores_len()),
        }
    }

    fn run(&mut self, batch: usize, kv_head: usize) {
        let (sizes, problem) = (self.problem.sizes, self.problem);
        self.k.fill(0.0);
        self.v.fill(0.0);
        for head in kv_head * sizes.group()..(kv_head + 1) * sizes.group() {
            for first in (0..sizes.q_len).step_by(BLOCK_QUERIES) {
                self.add_block(&Block::new(problem, batch, head, first));
            }
        }
        let rows = (0..sizes.k_len).map(|position| sizes.key(batch, kv_head, position));
        copy_rows(&self.k, &self.gradients.k, sizes.d_head, rows.clone());
        copy_rows(&self.v, &self.gradients.v, sizes.d_value, rows);
    }

    /// Adds the contribution of a block to the gradients of keys and values, and writes the gradient of its queries.
    fn add_block(&mut self, block: &Block) {
        let (sizes, scale) = (self.problem.sizes, self.problem.scale);
        let (d_head, d_value, rows) = (sizes.d_head, sizes.d_value, block.rows());
        let out_gradient = self.outcome.gradient.matrix(block.batch, block.head, &block.queries);
        let mut output = Output::Replace;
        for keys in block.key_blocks() {
            self.differentiate(block, &keys, out_gradient);
            let matrix = |values| Matrix::new(values, rows, keys.len(), keys.len());
            let (weights, scores) = (matrix(&self.weights), matrix(&self.scores));
            if self.gradients.v.is_some() {
                let v = &mut self.v[keys.start * d_value..];
                multiply(v, d_value, weights.transposed(), out_gradient, 1.0, Output::Add);
            }
            if self.gradients.k.is_some() {
                let k = &mut self.k[keys.start * d_head..];
                multiply(k, d_head, scores.transposed(), block.q(), scale, Output::Add);
            }
            if self.gradients.q.is_some() {
                let k = self.problem.k.matrix(block.batch, block.kv_head(), &keys);
                multiply(&mut self.q, d_head, scores, k, scale, output);
            }
            self.write_scores(block, &keys);
            output = Output::Add;
        }
        if output == Output::Replace {
            self.q.fill(0.0); // no key is visible
        }
        let rows = block.queries.clone().map(|query| sizes.query(block.batch, block.head, query));
        copy_rows(&self.q, &self.gradients.q, d_head, rows);
    }

    /// Computes the attention weights of a block and the gradient of its scores:
    /// weight · (gradient of the weight − Σ over keys of weight · gradient of the weight).
    fn differentiate(&mut self, block: &Block, keys: &Range<usize>, out_gradient: Matrix) {
        let Self { problem, outcome, weights, scores, columns, factors, .. } = self;
        let len = block.rows() * keys.len();
        let (weights, scores) = (&mut weights[..len], &mut scores[..len]);
        block.scores(keys, weights, columns);
        let v = problem.v.columns(block.batch, block.kv_head(), keys, columns).transposed();
        multiply(scores, keys.len(), out_gradient, v, 1.0, Output::Replace);
        let mut factors =
            block.problem.dropout.map(|dropout| block.dropout_factors(dropout, keys, factors));
        let first = block.problem.sizes.scores(block.batch, block.head, block.queries.start);
        let log_sum_exp = &outcome.log_sum_exp[first..];
        vectorized(
            #[inline(always)]
            || {
                let rows =
                    weights.chunks_exact_mut(keys.len()).zip(scores.chunks_exact_mut(keys.len()));
                for ((query, log_sum_exp), (weights, scores)) in
                    block.queries.clone().zip(log_sum_exp).zip(rows)
                {
                    let gradient = outcome.gradient.row(block.batch, block.head, query);
                    let sum = dot(gradient, outcome.out.row(block.batch, block.head, query));
                    match factors.as_mut().and_then(Iterator::next) {
                        None => differentiate_row(weights, scores, *log_sum_exp, sum),
                        Some(factors) => {
                            differentiate_dropped_row(weights, scores, factors, *log_sum_exp, sum)
                        }
                    }
                }
            },
        );
    }

    /// Writes the gradient of the scores, which is the gradient of the bias.
    fn write_scores(&self, block: &Block, keys: &Range<usize>) {
        let Some(bias) = &self.gradients.bias else { return };
        let sizes = self.problem.sizes;
        for (query, scores) in block.queries.clone().zip(self.scores.chunks_exact(keys.len())) {
            let row = sizes.scores(block.batch, block.head, query);
            // SAFETY: each row of scores belongs to one head, and each head to one task.
            let out = unsafe { bias.segment(row * sizes.k_len + keys.start, keys.len()) };
            out.copy_from_slice(scores);
        }
    }
}

/// Replaces scores with attention weights, and the gradient of the weights with the gradient of the scores.
#[inline(always)]
fn differentiate_row(weights: &mut [f32], scores: &mut [f32], log_sum_exp: f32, sum: f32) {
    for (weight, score) in weights.iter_mut().zip(scores) {
        *weight = exp(*weight - log_sum_exp);
        *score = *weight * (*score - sum);
    }
}

/// Like [`differentiate_row`], with dropout factors.
#[inline(always)]
fn differentiate_dropped_row(
    weights: &mut [f32],
    scores: &mut [f32],
    factors: &[f32],
    log_sum_exp: f32,
    sum: f32,
) {
    for ((weight, score), factor) in weights.iter_mut().zip(scores).zip(factors) {
        let kept = exp(*weight - log_sum_exp);
        *score = kept * (*score * factor - sum);
        *weight = kept * factor;
    }
}

/// Copies the rows of a matrix to the given rows of a gradient.
fn copy_rows(
    matrix: &[f32],
    gradient: &Option<Segments>,
    row_len: usize,
    rows: impl Iterator<Item = usize>,
) {
    let Some(gradient) = gradient else { return };
    for (values, row) in matrix.chunks_exact(row_len).zip(rows) {
        // SAFETY: each position of a head belongs to one task.
        unsafe { gradient.segment(row * row_len, row_len) }.copy_from_slice(values);
    }
}
