//! The decoder layer: masked self-attention, cross-attention, feed-forward.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_attention::{AttentionMask, KeyValue, KvCache, MultiHeadAttention};
use crosshead_kernels::{Mode, linears};

use super::{DecoderAttention, Memory};
use crate::stack::check_features;
use crate::sub_layer::{Connection, Stream, parallel, sub_layer};
use crate::{FeedForward, Norm, NormOrder};

/// The panic message for a parallel layer with cross-attention.
pub(crate) const NO_PARALLEL_CROSS_ATTENTION: &str =
    "parallel order is not defined for layers with cross-attention";

/// One decoder layer: masked self-attention, cross-attention to the memory, feed-forward
/// (Vaswani et al. 2017, section 3.1). Without cross-attention, this is the layer of a decoder-only model.
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Masked self-attention.
    pub self_attn: MultiHeadAttention,
    /// The norm of the self-attention sub-layer; in parallel order, of both sub-layers.
    pub self_attn_norm: Norm,
    /// The output norm of self-attention; only in sandwich order.
    pub self_attn_output_norm: Option<Norm>,
    /// Cross-attention; `None` in a decoder-only model.
    pub cross_attn: Option<MultiHeadAttention>,
    /// The norm of the cross-attention sub-layer.
    pub cross_attn_norm: Option<Norm>,
    /// The output norm of cross-attention; only in sandwich order.
    pub cross_attn_output_norm: Option<Norm>,
    /// The feed-forward sub-layer.
    pub feed_forward: FeedForward,
    /// The norm of the feed-forward sub-layer; `None` in parallel order.
    pub feed_forward_norm: Option<Norm>,
    /// The output norm of the feed-forward sub-layer; only in sandwich order.
    pub feed_forward_output_norm: Option<Norm>,
    #[module(skip)]
    pub(crate) norm_order: NormOrder,
    #[module(skip)]
    pub(crate) dropout: f32,
}

linears!(DecoderLayer { self_attn, cross_attn, feed_forward });

impl DecoderLayer {
    /// The layer's keys and values of a memory; `None` without cross-attention.
    ///
    /// # Shapes
    /// - `memory`: `[batch, src_len, d_model]`
    ///
    /// # Panics
    /// If only one of memory and cross-attention is present, or the memory does not have `d_model` features.
    pub fn project_memory(&self, memory: Option<&Memory>, mode: Mode) -> Option<KeyValue> {
        let (attention, memory) = self.cross(memory)?;
        Some(attention.project_key_value(memory.states.clone(), mode.stream("cross_attn")))
    }

    /// Cross-attention and its memory; both or neither are present.
    fn cross<M>(&self, memory: Option<M>) -> Option<(&MultiHeadAttention, M)> {
        match (&self.cross_attn, memory) {
            (Some(attention), Some(memory)) => Some((attention, memory)),
            (None, None) => None,
            (Some(_), None) => panic!("a decoder with cross-attention needs a memory"),
            (None, Some(_)) => panic!("a decoder without cross-attention takes no memory"),
        }
    }

    /// The layer's output. With a cache, `x` continues the cached positions.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`
    /// - `memory`: `[batch, src_len, n_kv_heads, d_head]` each, from [`project_memory`](Self::project_memory); adjacent
    ///   rows of `x` can share a row
    ///
    /// # Panics
    /// If only one of memory and cross-attention is present, `x` does not have `d_model` features, or masks, memory or
    /// cache do not match `x`.
    pub fn forward(
        &self,
        x: Tensor<3>,
        self_mask: &AttentionMask,
        memory: Option<(KeyValue, &AttentionMask)>,
        cache: Option<&mut KvCache>,
        mode: Mode,
    ) -> Tensor<3> {
        check_features("a decoder layer", &x, self.self_attn.d_model());
        self.run(Stream::new(x), self_mask, memory, cache, None, mode).finish()
    }

    /// Like [`forward`](Self::forward), for use in a stack, where layers pass on the residual stream. Adds the attention
    /// weights to `weights`, if given; this is not possible with a cache.
    pub(super) fn run(
        &self,
        stream: Stream,
        self_mask: &AttentionMask,
        memory: Option<(KeyValue, &AttentionMask)>,
        cache: Option<&mut KvCache>,
        weights: Option<&mut DecoderAttention>,
        mode: Mode,
    ) -> Stream {
        let (self_weights, cross_weights) =
            weights.map(|weights| (&mut weights.self_attn, &mut weights.cross_attn)).unzip();
        let [self_mode, cross_mode, ff_mode] =
            ["self_attn", "cross_attn", "feed_forward"].map(|part| mode.stream(part));
        let attend = |x: Tensor<3>| {
            if let Some(weights) = self_weights {
                weights.push(self.self_attn.self_attention_weights(x.clone(), self_mask));
            }
            self.self_attn.self_attention(x, self_mask, cache, self_mode)
        };
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
                            if let Some(weights) = cross_weights {
                                let (x, memory) = (x.clone(), memory.clone());
                                weights.push(attention.cross_attention_weights(x, memory, mask));
                            }
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
