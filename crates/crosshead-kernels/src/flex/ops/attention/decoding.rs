//! Attention with one query per batch row: a decoding step.
//!
//! Every key and value is used once, so memory bandwidth is the limit. They are read position by position for all
//! heads, in memory order.

use std::ops::Range;

use rayon::prelude::*;

use super::problem::{Problem, Sizes};
use super::softmax::Softmax;
use crate::flex::math::reduce::dot;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;

/// Keys per part.
const PART_KEYS: usize = 256;

/// The number of keys whose values are added in one step, so that sums are read and written less often.
const GROUP_KEYS: usize = 4;

/// Like [`forward`](super::forward::forward), for one query per batch row and without dropout.
pub(super) fn forward(problem: &Problem) -> (Buffer, Buffer) {
    let Sizes { batch, n_heads, d_value, .. } = problem.sizes;
    let keys = problem.reached(0);
    let parts = keys.len().div_ceil(PART_KEYS).max(1);
    let mut states = vec![Softmax::default(); batch * parts * n_heads];
    let mut sums = Buffer::unspecified(states.len() * d_value);
    let tasks = states.par_chunks_mut(n_heads).zip(sums.par_chunks_mut(n_heads * d_value));
    parallel::for_each(tasks.enumerate(), problem.sizes.work(), |(task, (states, sums))| {
        let first = keys.start + task % parts * PART_KEYS;
        attend(problem, task / parts, first..keys.end.min(first + PART_KEYS), states, sums);
    });
    combine(problem.sizes, parts, &states, &sums)
}

/// Computes the softmax states of all heads over a range of keys, and Σ exp(score − peak)·v, `[n_heads, d_value]`.
fn attend(
    problem: &Problem,
    batch: usize,
    keys: Range<usize>,
    states: &mut [Softmax],
    sums: &mut [f32],
) {
    sums.fill(0.0);
    if keys.is_empty() {
        return;
    }
    let n_heads = problem.sizes.n_heads;
    let mut weights = Buffer::unspecified(n_heads * keys.len());
    vectorized(
        #[inline(always)]
        || {
            score(problem, batch, &keys, &mut weights);
            for (head, weights) in weights.chunks_exact_mut(keys.len()).enumerate() {
                problem.cap(weights);
                if let Some(bias) = problem.bias {
                    let bias = &bias.row(batch, head, 0)[keys.clone()];
                    weights.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
                }
                states[head].extend(weights);
            }
            add_values(problem, batch, &keys, &weights, sums);
        },
    );
}

/// scale · q·k for all heads, `[n_heads, keys]`.
#[inline(always)]
fn score(problem: &Problem, batch: usize, keys: &Range<usize>, scores: &mut [f32]) {
    let group = problem.sizes.group();
    for (column, key) in keys.clone().enumerate() {
        for (head, scores) in scores.chunks_exact_mut(keys.len()).enumerate() {
            let (q, k) = (problem.q.row(batch, head, 0), problem.k.row(batch, head / group, key));
            scores[column] = problem.scale * dot(q, k);
        }
    }
}

/// Adds Σ weight·v for all heads to `sums`, `[n_heads, d_value]`; `weights` are `[n_heads, keys]`.
#[inline(always)]
fn add_values(
    problem: &Problem,
    batch: usize,
    keys: &Range<usize>,
    weights: &[f32],
    sums: &mut [f32],
) {
    let Sizes { d_value, .. } = problem.sizes;
    let group = problem.sizes.group();
    for first in keys.clone().step_by(GROUP_KEYS) {
        let heads = sums.chunks_exact_mut(d_value).zip(weights.chunks_exact(keys.len()));
        for (head, (sums, weights)) in heads.enumerate() {
            let value = |key| problem.v.row(batch, head / group, key);
            match weights[first - keys.start..] {
                [a, b, c, d, ..] => {
                    let pairs = value(first).iter().zip(value(first + 1));
                    let others = value(first + 2).iter().zip(value(first + 3));
                    for (sum, ((v0, v1), (v2, v3))) in sums.iter_mut().zip(pairs.zip(others)) {
                        *sum += (a * v0 + b * v1) + (c * v2 + d * v3);
                    }
                }
                ref rest => {
                    for (key, weight) in (first..).zip(rest) {
                        sums.iter_mut().zip(value(key)).for_each(|(sum, v)| *sum += weight * v);
                    }
                }
            }
        }
    }
}

/// Combines the parts into the output of every head and its log Σ exp(score).
fn combine(sizes: Sizes, parts: usize, states: &[Softmax], sums: &[f32]) -> (Buffer, Buffer) {
    let Sizes { batch, n_heads, d_value, .. } = sizes;
    let mut out = Buffer::zeros(batch * n_heads * d_value);
    let mut log_sum_exp = Buffer::unspecified(batch * n_heads);
    let heads = out.chunks_exact_mut(d_value).zip(log_sum_exp.iter_mut());
    for (row, (out, log)) in heads.enumerate() {
        let mut state = Softmax::default();
        for part in 0..parts {
            let index = (row / n_heads * parts + part) * n_heads + row % n_heads;
            let [before, now] = state.merge(states[index]);
            for (out, sum) in out.iter_mut().zip(&sums[index * d_value..]) {
                *out = *out * before + sum * now;
            }
        }
        let (factor, logarithm) = state.finish();
        out.iter_mut().for_each(|out| *out *= factor);
        *log = logarithm;
    }
    (out, log_sum_exp)
}
