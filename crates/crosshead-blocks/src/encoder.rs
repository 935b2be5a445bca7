//! The encoder: a stack of self-attention and feed-forward layers.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_attention::{AttentionMask, MultiHeadAttention};
use crosshead_kernels::{LayerNorm, Mode};

use crate::sub_layer::sub_layer;
use crate::{FeedForward, NormOrder};

/// One encoder layer: self-attention, then feed-forward (Vaswani et al. 2017, section 3.1).
#[derive(Module, Debug)]
pub struct EncoderLayer {
    /// Self-attention.
    pub self_attn: MultiHeadAttention,
    /// The norm of the self-attention sub-layer.
    pub self_attn_norm: LayerNorm,
    /// Feed-forward.
    pub feed_forward: FeedForward,
    /// The norm of the feed-forward sub-layer.
    pub feed_forward_norm: LayerNorm,
    #[module(skip)]
    pub(crate) norm_order: NormOrder,
    #[module(skip)]
    pub(crate) dropout: f32,
}

impl EncoderLayer {
    /// The layer's output.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, mask: &AttentionMask, mode: Mode) -> Tensor<3> {
        let (order, dropout) = (self.norm_order, self.dropout);
        let attn_mode = mode.stream("self_attn");
        let x = sub_layer(x, &self.self_attn_norm, order, dropout, attn_mode, |x| {
            self.self_attn.self_attention(x, mask, None, attn_mode)
        });
        let ff_mode = mode.stream("feed_forward");
        sub_layer(x, &self.feed_forward_norm, order, dropout, ff_mode, |x| {
            self.feed_forward.forward(x, ff_mode)
        })
    }
}

/// A stack of identical encoder layers.
#[derive(Module, Debug)]
pub struct Encoder {
    /// The layers, first to last.
    pub layers: Vec<EncoderLayer>,
    /// The norm behind the last layer, in pre-norm order.
    pub final_norm: Option<LayerNorm>,
}

impl Encoder {
    /// The memory: the encoding of each position.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, src_len, d_model]`
    pub fn forward(&self, x: Tensor<3>, mask: &AttentionMask, mode: Mode) -> Tensor<3> {
        let x = self
            .layers
            .iter()
            .enumerate()
            .fold(x, |x, (index, layer)| layer.forward(x, mask, mode.index(index)));
        finish(self.final_norm.as_ref(), x)
    }
}

/// The stack's last norm, where it has one.
pub(crate) fn finish(norm: Option<&LayerNorm>, x: Tensor<3>) -> Tensor<3> {
    let Some(norm) = norm else { return x };
    let [batch, seq, d_model] = x.dims();
    norm.forward(x.reshape([batch * seq, d_model])).reshape([batch, seq, d_model])
}
