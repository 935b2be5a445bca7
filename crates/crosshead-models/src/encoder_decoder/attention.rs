//! The attention weights of an encoder-decoder.

use burn::tensor::Tensor;
use crosshead_attention::AttentionMask;
use crosshead_blocks::{DecoderAttention, Memory};
use crosshead_kernels::{Mode, in_pool};

use super::EncoderDecoder;
use crate::attention::AttentionWeights;
use crate::input::RowPositions;
use crate::tokens::TokenBatch;

impl EncoderDecoder {
    /// The attention weights of all layers, for a source and the decoder's input: the target shifted right, starting with
    /// the start token. Row i of a target's weights belongs to the step that predicts target token i.
    ///
    /// # Shapes
    /// - see [`AttentionWeights`]; weights of padded queries have no meaning
    ///
    /// # Panics
    /// If an id is outside the vocabulary or the batch sizes differ.
    pub fn attention(&self, source: TokenBatch<'_>, input: TokenBatch<'_>) -> AttentionWeights {
        let (_, src_len) = source.size();
        in_pool(|| {
            let mask = AttentionMask::key_lengths(source.lengths, src_len, &self.device());
            let at = RowPositions::FROM_ZERO;
            let x = self.encoder_input.forward(self.embed(source), at, Mode::Eval);
            let (states, encoder) = self.encoder.forward_with_attention(x, &mask);
            let (_, DecoderAttention { self_attn: decoder, cross_attn: cross }) =
                self.decode_with_attention(input, &Memory { states, mask });
            AttentionWeights { encoder, decoder, cross }
        })
    }

    /// The decoder's output for all positions of `input`, as that of [`decode`](Self::decode) at inference, and the
    /// attention weights of its layers.
    ///
    /// # Shapes
    /// - output: `[batch, tgt_len, d_model]`, and see [`DecoderAttention`]; weights of padded queries have no meaning
    ///
    /// # Panics
    /// If an id is outside the vocabulary or the batch sizes differ.
    pub fn decode_with_attention(
        &self,
        input: TokenBatch<'_>,
        memory: &Memory,
    ) -> (Tensor<3>, DecoderAttention) {
        in_pool(|| {
            let at = RowPositions::FROM_ZERO;
            let x = self.decoder_input.forward(self.embed(input), at, Mode::Eval);
            self.decoder.forward_with_attention(x, AttentionMask::none(), Some(memory))
        })
    }
}
