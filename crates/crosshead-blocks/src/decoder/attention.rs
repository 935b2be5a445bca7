//! The attention weights of a decoder.

use burn::tensor::Tensor;
use crosshead_attention::AttentionMask;
use crosshead_kernels::Mode;

use super::{Decoder, Memory};
use crate::stack::with_bias;

/// The attention weights of each layer of a decoder, first to last.
#[derive(Clone, Debug, Default)]
pub struct DecoderAttention {
    /// Self-attention: `[batch, n_heads, tgt_len, tgt_len]`
    pub self_attn: Vec<Tensor<4>>,
    /// Cross-attention: `[batch, n_heads, tgt_len, src_len]`; empty in a decoder-only model.
    pub cross_attn: Vec<Tensor<4>>,
}

impl Decoder {
    /// The outputs for all positions, as those of [`forward`](Self::forward) at inference, and the attention weights of
    /// each layer. Unlike `forward`, this takes memory for every query-key pair of every layer.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`, `memory`: `[batch, src_len, d_model]`
    /// - weights: see [`DecoderAttention`]
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    pub fn forward_with_attention(
        &self,
        x: Tensor<3>,
        mask: AttentionMask,
        memory: Option<&Memory>,
    ) -> (Tensor<3>, DecoderAttention) {
        let [_, tgt_len, _] = x.dims();
        self.check_features(&x);
        let (mask, bias) = self.self_mask(mask, 0, tgt_len, &x.device());
        let mut weights = DecoderAttention::default();
        let mask = with_bias(&mask, bias);
        let stream = self.run_at_once(x, &mask, memory, Some(&mut weights), Mode::Eval);
        (stream.finish_with(self.final_norm.as_ref()), weights)
    }
}
