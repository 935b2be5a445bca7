//! The scores of queries and keys, shared by the forward and the backward pass.

use std::ops::Range;

use rayon::prelude::*;

use super::heads::{Bias, Heads};
use crate::args::attention::Reach;
use crate::args::dropout::DropoutMask;
use crate::flex::gemm::matrix::Matrix;
use crate::flex::gemm::serial::{Output, multiply};
use crate::flex::runtime::parallel::matmul_work;
use crate::flex::runtime::simd::vectorized;

/// The number of queries per block: small enough for the scores to stay in cache, and large enough for the
/// multiplication to run at full speed.
pub(super) const BLOCK_QUERIES: usize = 64;

/// Keys per block.
pub(super) const BLOCK_KEYS: usize = 256;

/// The range 0..`tasks`, split into runs that each reuse the same memory.
pub(super) fn runs(tasks: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    const RUNS: usize = 64;
    let len = tasks.div_ceil(RUNS).max(1);
    let run = move |first| first * len..tasks.min((first + 1) * len);
    (0..tasks.div_ceil(len)).into_par_iter().map(run)
}

/// The arguments of attention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Problem<'a> {
    pub(super) q: Heads<'a>,
    pub(super) k: Heads<'a>,
    pub(super) v: Heads<'a>,
    pub(super) bias: Option<Bias<'a>>,
    pub(super) sizes: Sizes,
    /// The scale of QKᵀ.
    pub(super) scale: f32,
    /// The keys that a query may attend to, based on their positions.
    pub(super) reach: Reach,
    /// The soft cap of the scores.
    pub(super) soft_cap: Option<f32>,
    pub(super) dropout: Option<DropoutMask>,
}

impl Problem<'_> {
    /// The keys that a query may attend to, based on their positions.
    #[inline(always)]
    pub(super) fn reached(&self, query: usize) -> Range<usize> {
        self.reach.keys(query, self.sizes.k_len)
    }

    /// Applies the soft cap c·tanh(score / c), if there is one.
    #[inline(always)]
    pub(super) fn cap(&self, scores: &mut [f32]) {
        if let Some(cap) = self.soft_cap {
            scores.iter_mut().for_each(|score| *score = cap * (*score / cap).tanh());
        }
    }
}

/// The dimensions of the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) q_len: usize,
    pub(super) k_len: usize,
    pub(super) n_heads: usize,
    pub(super) n_kv_heads: usize,
    pub(super) d_head: usize,
    pub(super) d_value: usize,
}

impl Sizes {
    /// Query heads per key/value head.
    pub(super) fn group(&self) -> usize {
        self.n_heads / self.n_kv_heads
    }

    /// The number of queries of the largest block.
    pub(super) fn most_queries(&self) -> usize {
        BLOCK_QUERIES.min(self.q_len)
    }

    /// The size of a buffer for the scores of any block.
    pub(super) fn scores_len(&self) -> usize {
        self.most_queries() * BLOCK_KEYS.min(self.k_len)
    }

    /// The size of a buffer for [`Heads::columns`] of a block of keys or values.
    pub(super) fn columns_len(&self) -> usize {
        BLOCK_KEYS.min(self.k_len) * self.d_head.max(self.d_value)
    }

    /// The work required to multiply by the queries and by the values.
    pub(super) fn work(&self) -> usize {
        matmul_work(self.batch * self.n_heads * self.q_len, self.k_len, self.d_head + self.d_value)
    }

    /// The row index of a query.
    pub(super) fn query(&self, batch: usize, head: usize, query: usize) -> usize {
        (batch * self.q_len + query) * self.n_heads + head
    }

    /// The row index of a key or value.
    pub(super) fn key(&self, batch: usize, kv_head: usize, position: usize) -> usize {
        (batch * self.k_len + position) * self.n_kv_heads + kv_head
    }

    /// The row index of the scores of a query.
    pub(super) fn scores(&self, batch: usize, head: usize, query: usize) -> usize {
        (batch * self.n_heads + head) * self.q_len + query
    }
}

/// A block of queries of one head.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub(super) problem: &'a Problem<'a>,
    pub(super) batch: usize,
    pub(super) head: usize,
    pub(super) queries: Range<usize>,
}

impl<'a> Block<'a> {
    /// The block of queries of a head that starts at `first`.
    pub(super) fn new(problem: &'a Problem<'a>, batch: usize, head: usize, first: usize) -> Self {
        let queries = first..problem.sizes.q_len.min(first + BLOCK_QUERIES);
        Self { problem, batch, head, queries }
    }

    /// The number of queries.
    pub(super) fn rows(&self) -> usize {
        self.queries.len()
    }

    pub(super) fn q(&self) -> Matrix<'a> {
        self.problem.q.matrix(self.batch, self.head, &self.queries)
    }

    /// The key/value head that the queries read.
    pub(super) fn kv_head(&self) -> usize {
        self.head / self.problem.sizes.group()
    }

    /// The range from the first to the last key that is visible to any query of the block, split into blocks.
    pub(super) fn key_blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let Range { start, end } = self.visible_keys();
        (start..end).step_by(BLOCK_KEYS).map(move |first| first..end.min(first + BLOCK_KEYS))
    }

    fn visible_keys(&self) -> Range<usize> {
        let start = self.problem.reached(self.queries.start).start;
        let end = self.problem.reached(self.queries.end - 1).end;
        let Some(bias) = self.problem.bias else { return start..end };
        let rows = if bias.is_uniform() { 0..1 } else { self.queries.clone() };
        let hidden = |bias: &&f32| **bias == f32::NEG_INFINITY;
        let mut visible = end..0;
        for row in rows {
            let row = &bias.row(self.batch, self.head, row)[..end];
            let before = row[..visible.start].iter().take_while(hidden).count();
            let after = row[visible.end..].iter().rev().take_while(hidden).count();
            visible = visible.start.min(before)..visible.end.max(end - after);
        }
        visible.start.max(start)..visible.end
    }

    /// The scores `[queries, keys]`: scale · QKᵀ with the soft cap, plus the bias, and −∞ for hidden keys. `columns` is
    /// memory for [`Heads::columns`].
    pub(super) fn scores(&self, keys: &Range<usize>, scores: &mut [f32], columns: &mut [f32]) {
        let k = self.problem.k.columns(self.batch, self.kv_head(), keys, columns).transposed();
        multiply(scores, keys.len(), self.q(), k, self.problem.scale, Output::Replace);
        vectorized(
            #[inline(always)]
            || self.mask(keys, scores),
        );
    }

    #[inline(always)]
    fn mask(&self, keys: &Range<usize>, scores: &mut [f32]) {
        for (query, scores) in self.queries.clone().zip(scores.chunks_exact_mut(keys.len())) {
            self.problem.cap(scores);
            if let Some(bias) = self.problem.bias {
                let bias = &bias.row(self.batch, self.head, query)[keys.clone()];
                scores.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
            }
            let seen = self.problem.reached(query);
            let before = seen.start.saturating_sub(keys.start).min(scores.len());
            let after = seen.end.saturating_sub(keys.start).min(scores.len());
            scores[..before].fill(f32::NEG_INFINITY);
            scores[after..].fill(f32::NEG_INFINITY);
        }
    }

    /// The dropout factors of the attention weights, row by row, generated in `buffer`.
    ///
    /// Weight (i, j) of head h in row b of the batch is element ((b·n_heads + h)·q_len + i)·k_len + j.
    pub(super) fn dropout_factors<'b>(
        &self,
        dropout: DropoutMask,
        keys: &Range<usize>,
        buffer: &'b mut [f32],
    ) -> impl Iterator<Item = &'b [f32]> + use<'b> {
        let sizes = self.problem.sizes;
        let first = sizes.scores(self.batch, self.head, self.queries.start) * sizes.k_len;
        // Full rows are consecutive in the stream, and one long run is faster than many short runs.
        let generated = if sizes.k_len <= BLOCK_KEYS { 0..sizes.k_len } else { keys.clone() };
        let buffer = &mut buffer[..self.rows() * generated.len()];
        if generated.len() == sizes.k_len {
            dropout.factors(first, buffer);
        } else {
            for (row, factors) in buffer.chunks_exact_mut(generated.len()).enumerate() {
                dropout.factors(first + row * sizes.k_len + generated.start, factors);
            }
        }
        let used = keys.start - generated.start..keys.end - generated.start;
        buffer.chunks_exact(generated.len()).map(move |factors| &factors[used.clone()])
    }
}
