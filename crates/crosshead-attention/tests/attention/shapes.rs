//! Random attention layers.

use burn::tensor::{Device, Tensor};
use crosshead_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use crosshead_testkit::{jittered, random};
use proptest::prelude::*;

/// A tolerance for sums of a few dozen f32 products in a different order.
pub(crate) const TOLERANCE: f32 = 2e-5;

/// The sizes of a layer and its input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) seq: usize,
    pub(crate) n_heads: usize,
    pub(crate) n_kv_heads: usize,
    pub(crate) d_head: usize,
}

/// Multi-head, grouped-query and multi-query attention over small batches.
pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let heads = prop::sample::select(vec![(1, 1), (3, 3), (4, 2), (6, 3), (4, 1)]);
    (2..4_usize, 3..8_usize, heads, 1..10_usize).prop_map(
        |(batch, seq, (n_heads, n_kv_heads), d_head)| Shape {
            batch,
            seq,
            n_heads,
            n_kv_heads,
            d_head,
        },
    )
}

impl Shape {
    pub(crate) fn config(self) -> MultiHeadAttentionConfig {
        MultiHeadAttentionConfig::new(self.d_model(), self.n_heads).with_n_kv_heads(self.n_kv_heads)
    }

    pub(crate) fn d_model(self) -> usize {
        self.n_heads * self.d_head
    }

    /// A layer whose biases are not zero.
    pub(crate) fn attention(self) -> MultiHeadAttention {
        jittered(self.config().init(&Device::flex()), 0.3, 11)
    }

    pub(crate) fn x(self) -> Tensor<3> {
        random([self.batch, self.seq, self.d_model()], 12, &Device::flex()) * 2.0
    }

    /// Lengths, at least one of which is shorter than `seq`.
    pub(crate) fn lengths(self) -> Vec<usize> {
        (0..self.batch).map(|row| (self.seq - 1).saturating_sub(row).max(1)).collect()
    }
}
