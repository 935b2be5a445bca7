//! Attention weights of a model.

use std::fmt;

use burn::tensor::Tensor;

/// The attention weights of each layer of a model, first to last: `output_attentions` of `transformers`.
///
/// The weights of a query are not negative and add up to 1. They are 0 for padding and, in a decoder, for later positions.
#[derive(Clone, Debug, Default)]
pub struct AttentionWeights {
    /// Self-attention of the encoder: `[batch, n_heads, src_len, src_len]`; empty in a decoder-only model.
    pub encoder: Vec<Tensor<4>>,
    /// Self-attention of the decoder: `[batch, n_heads, tgt_len, tgt_len]`; empty in an encoder.
    pub decoder: Vec<Tensor<4>>,
    /// Cross-attention: `[batch, n_heads, tgt_len, src_len]`; empty without an encoder or without a decoder.
    pub cross: Vec<Tensor<4>>,
}

/// A kind of attention in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionKind {
    /// Self-attention of the encoder.
    Encoder,
    /// Self-attention of the decoder.
    Decoder,
    /// Attention of the decoder to the encoder's output.
    Cross,
}

impl AttentionKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Encoder, Self::Decoder, Self::Cross];

    /// The name: `encoder`, `decoder` or `cross`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
            Self::Cross => "cross",
        }
    }
}

impl fmt::Display for AttentionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl AttentionWeights {
    /// The weights of the layers of a kind; empty if the model does not have this kind.
    pub fn of(&self, kind: AttentionKind) -> &[Tensor<4>] {
        match kind {
            AttentionKind::Encoder => &self.encoder,
            AttentionKind::Decoder => &self.decoder,
            AttentionKind::Cross => &self.cross,
        }
    }
}
