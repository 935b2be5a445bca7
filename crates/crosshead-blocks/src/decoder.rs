//! The decoder: a stack of masked self-attention, cross-attention and feed-forward layers.

use burn::module::Module;
use burn::tensor::{Int, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache, MultiHeadAttention};
use crosshead_kernels::{LayerNorm, Mode};

use crate::encoder::finish;
use crate::sub_layer::sub_layer;
use crate::{FeedForward, NormOrder};

/// One decoder layer: masked self-attention, cross-attention to the memory, feed-forward
/// (Vaswani et al. 2017, section 3.1).
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Masked self-attention.
    pub self_attn: MultiHeadAttention,
    /// The norm of the self-attention sub-layer.
    pub self_attn_norm: LayerNorm,
    /// Cross-attention.
    pub cross_attn: MultiHeadAttention,
    /// The norm of the cross-attention sub-layer.
    pub cross_attn_norm: LayerNorm,
    /// Feed-forward.
    pub feed_forward: FeedForward,
    /// The norm of the feed-forward sub-layer.
    pub feed_forward_norm: LayerNorm,
    #[module(skip)]
    pub(crate) norm_order: NormOrder,
    #[module(skip)]
    pub(crate) dropout: f32,
}

impl DecoderLayer {
    /// The layer's output; with a cache, `x` continues the positions the cache has seen.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`
    /// - `memory`: `[batch, src_len, n_heads, d_head]` each
    pub fn forward(
        &self,
        x: Tensor<3>,
        self_mask: &AttentionMask,
        memory: KeyValue,
        memory_mask: &AttentionMask,
        cache: Option<&mut KvCache>,
        mode: Mode,
    ) -> Tensor<3> {
        let (order, dropout) = (self.norm_order, self.dropout);
        let self_mode = mode.stream("self_attn");
        let x = sub_layer(x, &self.self_attn_norm, order, dropout, self_mode, |x| {
            self.self_attn.self_attention(x, self_mask, cache, self_mode)
        });
        let cross_mode = mode.stream("cross_attn");
        let x = sub_layer(x, &self.cross_attn_norm, order, dropout, cross_mode, |x| {
            self.cross_attn.cross_attention(x, memory, memory_mask, cross_mode)
        });
        let ff_mode = mode.stream("feed_forward");
        sub_layer(x, &self.feed_forward_norm, order, dropout, ff_mode, |x| {
            self.feed_forward.forward(x, ff_mode)
        })
    }
}

/// A stack of identical decoder layers.
#[derive(Module, Debug)]
pub struct Decoder {
    /// The layers, first to last.
    pub layers: Vec<DecoderLayer>,
    /// The norm behind the last layer, in pre-norm order.
    pub final_norm: Option<LayerNorm>,
}

impl Decoder {
    /// What decoding needs of the memory: every layer's keys and values of it, and room for `capacity` positions.
    ///
    /// # Shapes
    /// - `memory`: `[batch, src_len, d_model]`
    pub fn start(&self, memory: Tensor<3>, capacity: usize) -> DecoderCache {
        let layers = self.layers.iter().map(|layer| LayerCache {
            positions: KvCache::new(capacity),
            memory: layer.cross_attn.project_key_value(memory.clone()),
        });
        DecoderCache { layers: layers.collect() }
    }

    /// The outputs of the positions in `x`, which continue those the cache has seen, at inference.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`
    pub fn forward_cached(
        &self,
        x: Tensor<3>,
        memory_mask: &AttentionMask,
        cache: &mut DecoderCache,
    ) -> Tensor<3> {
        let states =
            cache.layers.iter_mut().map(|layer| (layer.memory.clone(), Some(&mut layer.positions)));
        self.run(x, states, memory_mask, Mode::Eval)
    }

    /// The outputs of all positions at once.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`, `memory`: `[batch, src_len, d_model]`
    pub fn forward(
        &self,
        x: Tensor<3>,
        memory: Tensor<3>,
        memory_mask: &AttentionMask,
        mode: Mode,
    ) -> Tensor<3> {
        let states = self
            .layers
            .iter()
            .map(|layer| (layer.cross_attn.project_key_value(memory.clone()), None));
        self.run(x, states, memory_mask, mode)
    }

    /// Every layer in turn, with its keys and values of the memory and of the positions before.
    fn run<'a>(
        &self,
        x: Tensor<3>,
        states: impl Iterator<Item = (KeyValue, Option<&'a mut KvCache>)>,
        memory_mask: &AttentionMask,
        mode: Mode,
    ) -> Tensor<3> {
        let causal = AttentionMask::causal();
        let x = self.layers.iter().zip(states).enumerate().fold(
            x,
            |x, (index, (layer, (memory, cache)))| {
                layer.forward(x, &causal, memory, memory_mask, cache, mode.index(index))
            },
        );
        finish(self.final_norm.as_ref(), x)
    }
}

/// What decoding remembers between two steps, for each layer.
#[derive(Clone, Debug)]
pub struct DecoderCache {
    layers: Vec<LayerCache>,
}

#[derive(Clone, Debug)]
struct LayerCache {
    positions: KvCache,
    memory: KeyValue,
}

impl DecoderCache {
    /// The number of positions seen.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.positions.len())
    }

    /// Whether no position was seen yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row i becomes what row `rows[i]` was; rows may repeat, move or fall away.
    pub fn reorder(&mut self, rows: &Tensor<1, Int>) {
        self.reorder_positions(rows);
        for layer in &mut self.layers {
            layer.memory = layer.memory.clone().select(rows.clone());
        }
    }

    /// As [`reorder`](Self::reorder), where every row keeps its memory: rows change places among those that read the
    /// same source, as the beams of a sentence do.
    pub fn reorder_positions(&mut self, rows: &Tensor<1, Int>) {
        for layer in &mut self.layers {
            layer.positions.reorder(rows);
        }
    }
}
