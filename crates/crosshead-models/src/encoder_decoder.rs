//! The encoder-decoder Transformer.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_attention::AttentionMask;
use crosshead_blocks::{Decoder, DecoderCache, Encoder};
use crosshead_kernels::{
    Activation, LabelSmoothing, Mode, dropout, embedding, linear, linear_cross_entropy,
};
use crosshead_position::Positions;

use crate::EncoderDecoderConfig;

/// A target that is no class and so counts for nothing.
const IGNORED: i32 = i32::MAX;

/// Token ids of a batch, row-major, each row filled up with padding.
#[derive(Clone, Copy, Debug)]
pub struct TokenBatch<'a> {
    /// `[batch, len]`
    pub ids: &'a [u32],
    /// Real tokens of each row.
    pub lengths: &'a [usize],
}

impl TokenBatch<'_> {
    /// Rows of the batch and tokens of a row.
    ///
    /// # Panics
    /// If the ids are not a whole number of tokens a row.
    fn size(&self) -> (usize, usize) {
        let batch = self.lengths.len();
        assert!(
            batch > 0 && self.ids.len().is_multiple_of(batch),
            "{} ids are no {batch} rows",
            self.ids.len()
        );
        (batch, self.ids.len() / batch)
    }
}

/// The encoder's output, and which of its positions are real.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `[batch, src_len, d_model]`
    pub states: Tensor<3>,
    /// What cross-attention may look at.
    pub mask: AttentionMask,
}

/// The Transformer of *Attention Is All You Need*: an encoder and a decoder that share one embedding, which is also
/// the output projection (section 3.4).
#[derive(Module, Debug)]
pub struct EncoderDecoder {
    /// The joint embedding of source, target and output, `[vocab_size, d_model]`.
    pub embedding: Param<Tensor<2>>,
    /// Positions, added to the embeddings.
    pub positions: Positions,
    /// The encoder.
    pub encoder: Encoder,
    /// The decoder.
    pub decoder: Decoder,
    /// Added to the logits and never trained, `[vocab_size]`.
    pub logits_bias: Param<Tensor<1>>,
    #[module(skip)]
    pub(crate) config: EncoderDecoderConfig,
}

impl EncoderDecoder {
    /// The configuration the model was made with.
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.embedding.lazy_device()
    }

    /// The encoder's output.
    ///
    /// # Panics
    /// If an id lies outside the vocabulary.
    pub fn encode(&self, source: TokenBatch<'_>, mode: Mode) -> Memory {
        let (_, src_len) = source.size();
        let mode = mode.stream("encoder");
        let mask = AttentionMask::key_lengths(source.lengths, src_len, &self.device());
        let states = self.encoder.forward(self.embed(source, 0, mode), &mask, mode);
        Memory { states, mask }
    }

    /// The decoder's outputs for all positions of `input`, which is the target behind the start token.
    ///
    /// # Shapes
    /// - output: `[batch, tgt_len, d_model]`
    ///
    /// # Panics
    /// If an id lies outside the vocabulary or the batches differ.
    pub fn decode(&self, input: TokenBatch<'_>, memory: &Memory, mode: Mode) -> Tensor<3> {
        let mode = mode.stream("decoder");
        let x = self.embed(input, 0, mode);
        self.decoder.forward(x, memory.states.clone(), &memory.mask, mode)
    }

    /// The decoder's outputs for positions that continue those the cache has seen, at inference.
    ///
    /// # Shapes
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id lies outside the vocabulary or the batches differ.
    pub fn decode_cached(
        &self,
        input: TokenBatch<'_>,
        mask: &AttentionMask,
        cache: &mut DecoderCache,
    ) -> Tensor<3> {
        let x = self.embed(input, cache.len(), Mode::Eval);
        self.decoder.forward_cached(x, mask, cache)
    }

    /// The scores of each next token: the product with the tied embedding.
    ///
    /// # Shapes
    /// - `states`: `[batch, len, d_model]`
    /// - output: `[batch, len, vocab_size]`
    pub fn logits(&self, states: Tensor<3>) -> Tensor<3> {
        let [batch, len, d_model] = states.dims();
        let rows = states.reshape([batch * len, d_model]);
        let bias = Some(self.logits_bias.val());
        linear(rows, self.embedding.val(), bias, Activation::Identity).reshape([
            batch,
            len,
            self.config.vocab_size,
        ])
    }

    /// The summed cross entropy of a batch of targets, in nats; padding counts for nothing.
    ///
    /// # Shapes
    /// - `target`: `[batch, tgt_len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If an id lies outside the vocabulary or the batches differ.
    pub fn loss(
        &self,
        source: TokenBatch<'_>,
        decoder_input: TokenBatch<'_>,
        target: &[u32],
        smoothing: LabelSmoothing,
        mode: Mode,
    ) -> Tensor<1> {
        let memory = self.encode(source, mode);
        let states = self.decode(decoder_input, &memory, mode);
        let rows = states.reshape([target.len(), self.config.d_model]);
        let n_classes = self.config.n_classes();
        let targets = self.tensor(
            target.iter().map(|&id| if id == self.config.pad_id { IGNORED } else { id as i32 }),
        );
        linear_cross_entropy(
            rows,
            self.embedding.val(),
            Some(self.logits_bias.val()),
            targets,
            n_classes,
            smoothing,
        )
    }

    /// √d_model · embedding + position, with dropout (Vaswani et al. 2017, sections 3.4, 3.5 and 5.4).
    fn embed(&self, tokens: TokenBatch<'_>, start: usize, mode: Mode) -> Tensor<3> {
        let (batch, len) = tokens.size();
        let d_model = self.config.d_model;
        let scale = if self.config.scale_embedding { (d_model as f32).sqrt() } else { 1.0 };
        let padding = Some(self.config.pad_id as usize);
        let x = embedding(self.embedding.val(), self.ids(tokens.ids), scale, padding);
        let positions = self.positions.forward(start, len, &self.device());
        let x = x.reshape([batch, len, d_model]) + positions.unsqueeze(); // [batch, len, d_model]
        dropout(x, self.config.dropout, mode.stream("embedding"))
    }

    fn ids(&self, ids: &[u32]) -> Tensor<1, Int> {
        let vocab_size = self.config.vocab_size;
        if let Some(id) = ids.iter().find(|&&id| id as usize >= vocab_size) {
            panic!("token id {id} lies outside the vocabulary of {vocab_size}");
        }
        self.tensor(ids.iter().map(|&id| id as i32))
    }

    fn tensor(&self, values: impl Iterator<Item = i32>) -> Tensor<1, Int> {
        let values: Vec<i32> = values.collect();
        let n = values.len();
        Tensor::from_data(TensorData::new(values, [n]), &self.device())
    }
}
