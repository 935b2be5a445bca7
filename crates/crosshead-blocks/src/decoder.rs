//! The decoder: a stack of masked self-attention, cross-attention and feed-forward layers.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache, MultiHeadAttention};
use crosshead_kernels::{Mode, checkpoint};
use crosshead_position::PositionBias;

use crate::stack::{self, check_features, is_dropped, with_bias};
use crate::sub_layer::{Connection, Stream, parallel, sub_layer};
use crate::{DecoderCache, FeedForward, Memory, Norm, NormOrder};

/// Why a layer is refused.
pub(crate) const NO_PARALLEL_CROSS_ATTENTION: &str =
    "parallel order is not defined for layers with cross-attention";

/// One decoder layer: masked self-attention, cross-attention to the memory, feed-forward
/// (Vaswani et al. 2017, section 3.1); without cross-attention the layer of a decoder-only model.
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Masked self-attention.
    pub self_attn: MultiHeadAttention,
    /// The norm of the self-attention sub-layer; in parallel order of both sub-layers.
    pub self_attn_norm: Norm,
    /// The norm of self-attention's output, in sandwich order.
    pub self_attn_output_norm: Option<Norm>,
    /// Cross-attention, unless the model is decoder-only.
    pub cross_attn: Option<MultiHeadAttention>,
    /// The norm of the cross-attention sub-layer.
    pub cross_attn_norm: Option<Norm>,
    /// The norm of cross-attention's output, in sandwich order.
    pub cross_attn_output_norm: Option<Norm>,
    /// Feed-forward.
    pub feed_forward: FeedForward,
    /// The norm of the feed-forward sub-layer; none in parallel order.
    pub feed_forward_norm: Option<Norm>,
    /// The norm of feed-forward's output, in sandwich order.
    pub feed_forward_output_norm: Option<Norm>,
    #[module(skip)]
    pub(crate) norm_order: NormOrder,
    #[module(skip)]
    pub(crate) dropout: f32,
}

impl DecoderLayer {
    /// The layer's keys and values of a memory, unless it has no cross-attention.
    ///
    /// # Shapes
    /// - `memory`: `[batch, src_len, d_model]`
    ///
    /// # Panics
    /// If there is a memory and no cross-attention, or cross-attention and no memory; if the memory has other than `d_model`
    /// features.
    pub fn project_memory(&self, memory: Option<&Memory>) -> Option<KeyValue> {
        let (attention, memory) = self.cross(memory)?;
        Some(attention.project_key_value(memory.states.clone()))
    }

    /// Cross-attention and its memory: either both or none.
    fn cross<M>(&self, memory: Option<M>) -> Option<(&MultiHeadAttention, M)> {
        match (&self.cross_attn, memory) {
            (Some(attention), Some(memory)) => Some((attention, memory)),
            (None, None) => None,
            (Some(_), None) => panic!("a decoder with cross-attention needs a memory"),
            (None, Some(_)) => panic!("a decoder without cross-attention reads no memory"),
        }
    }

    /// The layer's output; with a cache, `x` continues the positions the cache has seen.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`
    /// - `memory`: `[batch, src_len, n_kv_heads, d_head]` each, as [`project_memory`](Self::project_memory) gives it
    ///
    /// # Panics
    /// If there is a memory and no cross-attention, or cross-attention and no memory; if `x` has other than `d_model`
    /// features, or masks, memory or cache do not fit it.
    pub fn forward(
        &self,
        x: Tensor<3>,
        self_mask: &AttentionMask,
        memory: Option<(KeyValue, &AttentionMask)>,
        cache: Option<&mut KvCache>,
        mode: Mode,
    ) -> Tensor<3> {
        check_features("a decoder layer", &x, self.self_attn.d_model());
        self.run(Stream::new(x), self_mask, memory, cache, mode).finish()
    }

    fn run(
        &self,
        stream: Stream,
        self_mask: &AttentionMask,
        memory: Option<(KeyValue, &AttentionMask)>,
        cache: Option<&mut KvCache>,
        mode: Mode,
    ) -> Stream {
        let [self_mode, cross_mode, ff_mode] =
            ["self_attn", "cross_attn", "feed_forward"].map(|part| mode.stream(part));
        let attend = |x| self.self_attn.self_attention(x, self_mask, cache, self_mode);
        let forward = |x| self.feed_forward.forward(x, ff_mode);
        let self_attn = Connection {
            name: "self_attn",
            norm: Some(&self.self_attn_norm),
            output_norm: self.self_attn_output_norm.as_ref(),
            order: self.norm_order,
            dropout: self.dropout,
        };
        let cross_attn = Connection {
            name: "cross_attn",
            norm: self.cross_attn_norm.as_ref(),
            output_norm: self.cross_attn_output_norm.as_ref(),
            ..self_attn
        };
        let feed_forward = Connection {
            name: "feed_forward",
            norm: self.feed_forward_norm.as_ref(),
            output_norm: self.feed_forward_output_norm.as_ref(),
            ..self_attn
        };
        let cross = self.cross(memory);
        match self.norm_order {
            NormOrder::Parallel => {
                assert!(cross.is_none(), "{NO_PARALLEL_CROSS_ATTENTION}");
                let connections = [self_attn, feed_forward];
                parallel(stream, connections, [self_mode, ff_mode], attend, forward)
            }
            NormOrder::Pre | NormOrder::Post | NormOrder::Sandwich => {
                let stream = sub_layer(stream, self_attn, self_mode, attend);
                let stream = match cross {
                    Some((attention, (memory, mask))) => {
                        sub_layer(stream, cross_attn, cross_mode, |x| {
                            attention.cross_attention(x, memory, mask, cross_mode)
                        })
                    }
                    None => stream,
                };
                sub_layer(stream, feed_forward, ff_mode, forward)
            }
        }
    }
}

/// A stack of identical decoder layers.
#[derive(Module, Debug)]
pub struct Decoder {
    /// What distances add to the scores of self-attention in every layer.
    pub position_bias: Option<PositionBias>,
    /// The layers, first to last.
    pub layers: Vec<DecoderLayer>,
    /// The norm behind the last layer, in every order but post-norm.
    pub final_norm: Option<Norm>,
    #[module(skip)]
    pub(crate) window: Option<usize>,
    #[module(skip)]
    pub(crate) layer_drop: f32,
    #[module(skip)]
    pub(crate) checkpointing: bool,
}

impl Decoder {
    /// The outputs of the positions in `x`, which continue those the cache has seen, at inference.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`
    ///
    /// # Panics
    /// If `x` has other than `d_model` features, if the cache is another decoder's or of another batch, or if its room is
    /// exceeded.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut DecoderCache) -> Tensor<3> {
        let [_, len, _] = x.dims();
        self.check_features(&x);
        assert!(
            cache.layers.len() == self.layers.len(),
            "a cache of {} layers does not fit a decoder of {}",
            cache.layers.len(),
            self.layers.len()
        );
        let (mask, bias) = self.self_mask(cache.mask(), cache.len(), len, &x.device());
        let (mask, memory_mask) = (with_bias(&mask, bias), cache.memory_mask());
        let states =
            cache.layers.iter_mut().map(|layer| (layer.memory.clone(), Some(&mut layer.positions)));
        let stream = self.run(x, &mask, states, memory_mask.as_ref(), Mode::Eval);
        stream.finish_with(self.final_norm.as_ref())
    }

    /// The outputs of all positions at once; `mask` says what self-attention may see besides causality.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`, `memory`: `[batch, src_len, d_model]`
    ///
    /// # Panics
    /// If there is a memory and no cross-attention, or cross-attention and no memory; if `x` or the memory has other than
    /// `d_model` features, or their batches or masks do not fit each other.
    pub fn forward(
        &self,
        x: Tensor<3>,
        mask: AttentionMask,
        memory: Option<&Memory>,
        mode: Mode,
    ) -> Tensor<3> {
        let [_, tgt_len, _] = x.dims();
        self.check_features(&x);
        let (mask, bias) = self.self_mask(mask, 0, tgt_len, &x.device());
        let stream = if self.checkpointing && mode != Mode::Eval {
            self.run_checkpointed(x, &mask, bias, memory, mode)
        } else {
            let states = self.layers.iter().map(|layer| (layer.project_memory(memory), None));
            let memory_mask = memory.map(|memory| &memory.mask);
            self.run(x, &with_bias(&mask, bias), states, memory_mask, mode)
        };
        stream.finish_with(self.final_norm.as_ref())
    }

    fn check_features(&self, x: &Tensor<3>) {
        if let Some(layer) = self.layers.first() {
            check_features("a decoder", x, layer.self_attn.d_model());
        }
    }

    /// The layers in turn, with their keys and values of the memory and of the positions before.
    fn run<'a>(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        states: impl Iterator<Item = (Option<KeyValue>, Option<&'a mut KvCache>)>,
        memory_mask: Option<&AttentionMask>,
        mode: Mode,
    ) -> Stream {
        let layers = self.layers.iter().zip(states).enumerate();
        layers.fold(Stream::new(x), |stream, (index, (layer, (memory, cache)))| {
            let mode = mode.index(index);
            if is_dropped(mode, self.layer_drop) {
                return stream;
            }
            layer.run(stream, mask, memory.zip(memory_mask), cache, mode)
        })
    }

    /// The layers in turn, of which only the inputs are kept.
    fn run_checkpointed(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        bias: Option<Tensor<4>>,
        memory: Option<&Memory>,
        mode: Mode,
    ) -> Stream {
        let (has_bias, memory_mask) = (bias.is_some(), memory.map(|memory| memory.mask.clone()));
        let device = x.device();
        let bias = stack::pack(bias, &device);
        let states = stack::pack(memory.map(|memory| memory.states.clone()), &device);
        self.layers.iter().enumerate().fold(Stream::new(x), |stream, (index, layer)| {
            let mode = mode.index(index);
            if is_dropped(mode, self.layer_drop) {
                return stream;
            }
            let (mask, memory_mask) = (mask.clone(), memory_mask.clone());
            let inputs = [stream.finish(), states.clone(), bias.clone()];
            Stream::new(checkpoint(layer, inputs, move |layer, [x, states, bias]| {
                let mask = with_bias(&mask, has_bias.then(|| bias.unsqueeze()));
                let memory = memory_mask.as_ref().map(|mask| Memory { states, mask: mask.clone() });
                let seen = layer.project_memory(memory.as_ref()).zip(memory_mask.as_ref());
                layer.forward(x, &mask, seen, None, mode)
            }))
        })
    }

    /// What self-attention of `len` positions from `start` on sees, and what distances add.
    fn self_mask(
        &self,
        mask: AttentionMask,
        start: usize,
        len: usize,
        device: &Device,
    ) -> (AttentionMask, Option<Tensor<4>>) {
        let k_len = start + len;
        let bias = self.position_bias.as_ref().map(|bias| bias.forward(start, len, k_len, device));
        (stack::mask(mask.with_causal(), self.window, k_len), bias)
    }
}
