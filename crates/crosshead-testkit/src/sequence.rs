//! Batches of sequences that the checks slice and modify.

use std::collections::BTreeSet;
use std::ops::Range;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use crate::random::random;

/// A batch of sequences: embedded positions `[batch, seq, features]` or token ids `[batch, seq]`.
pub trait Sequence: Clone {
    /// Rows of the batch, and positions of a row.
    fn size(&self) -> [usize; 2];

    /// The given rows in the given order; rows may repeat.
    fn rows(&self, rows: &[usize]) -> Self;

    /// The given positions of every row.
    fn positions(&self, range: Range<usize>) -> Self;

    /// Concatenates batches along rows (`dim` 0) or positions (`dim` 1).
    fn join(parts: Vec<Self>, dim: usize) -> Self;

    /// Batches of the same size, with different content at every position.
    fn others(&self) -> Vec<Self>;

    /// The content of `other` at every (row, position) for which `replaced` holds.
    fn replace_where(&self, other: &Self, replaced: impl Fn(usize, usize) -> bool) -> Self;
}

/// Seeds and scales of the content that replaces embedded positions: a small change that affects every score, and a large one
/// that would dominate any softmax.
const OTHERS: [(u64, f32); 2] = [(1, 1.0), (2, 100.0)];

impl Sequence for Tensor<3> {
    fn size(&self) -> [usize; 2] {
        let [batch, seq, _] = self.dims();
        [batch, seq]
    }

    fn rows(&self, rows: &[usize]) -> Self {
        self.clone().select(0, row_ids(rows, &self.device()))
    }

    fn positions(&self, range: Range<usize>) -> Self {
        self.clone().narrow(1, range.start, range.len())
    }

    fn join(parts: Vec<Self>, dim: usize) -> Self {
        Tensor::cat(parts, dim)
    }

    fn others(&self) -> Vec<Self> {
        OTHERS.map(|(seed, scale)| random(self.dims(), seed, &self.device()) * scale).into()
    }

    fn replace_where(&self, other: &Self, replaced: impl Fn(usize, usize) -> bool) -> Self {
        let mask = host_mask(self.size(), replaced, &self.device()).unsqueeze_dim::<3>(2); // [batch, seq, 1]
        self.clone().mask_where(mask.expand(self.dims()), other.clone())
    }
}

impl Sequence for Tensor<2, Int> {
    fn size(&self) -> [usize; 2] {
        self.dims()
    }

    fn rows(&self, rows: &[usize]) -> Self {
        self.clone().select(0, row_ids(rows, &self.device()))
    }

    fn positions(&self, range: Range<usize>) -> Self {
        self.clone().narrow(1, range.start, range.len())
    }

    fn join(parts: Vec<Self>, dim: usize) -> Self {
        Tensor::cat(parts, dim)
    }

    /// Each id is replaced by the next id in use, so that all ids stay within the vocabulary.
    fn others(&self) -> Vec<Self> {
        let ids: Vec<i64> = self.to_data().iter::<i64>().collect();
        let in_use = BTreeSet::from_iter(ids.iter().copied());
        let next = |id: &i64| in_use.range(id + 1..).chain(&in_use).next().copied().unwrap_or(*id);
        let other: Vec<i64> = ids.iter().map(next).collect();
        vec![Tensor::from_data(TensorData::new(other, self.dims()), &self.device())]
    }

    fn replace_where(&self, other: &Self, replaced: impl Fn(usize, usize) -> bool) -> Self {
        let mask = host_mask(self.size(), replaced, &self.device());
        self.clone().mask_where(mask, other.clone())
    }
}

fn row_ids(rows: &[usize], device: &Device) -> Tensor<1, Int> {
    let ids: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    Tensor::from_data(TensorData::new(ids, [rows.len()]), device)
}

fn host_mask(
    [batch, seq]: [usize; 2],
    holds: impl Fn(usize, usize) -> bool,
    device: &Device,
) -> Tensor<2, Bool> {
    let mask: Vec<bool> = (0..batch * seq).map(|at| holds(at / seq, at % seq)).collect();
    Tensor::from_data(TensorData::new(mask, [batch, seq]), device)
}
