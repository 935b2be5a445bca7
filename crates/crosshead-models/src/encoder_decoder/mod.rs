//! The encoder-decoder Transformer.

mod attention;
mod config;
mod distillation;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::{Decoder, DecoderCache, Encoder, Memory};
use crosshead_kernels::{
    Activation, CrossEntropy, LinearWeights, Mode, in_pool, linear, linear_cross_entropy_with,
    linears, r_drop,
};

pub use self::config::EncoderDecoderConfig;
pub use self::distillation::Teacher;
use crate::input::{InputLayer, RowPositions};
use crate::tokens::{IGNORED, TokenBatch, embed, id_tensor};

/// The Transformer of *Attention Is All You Need*: an encoder and a decoder that share one embedding, which can be tied
/// to the output projection (section 3.4).
#[derive(Module, Debug)]
pub struct EncoderDecoder {
    /// The shared embedding of source and target, `[vocab_size, d_model]`.
    pub embedding: Param<Tensor<2>>,
    /// The input of the encoder.
    pub encoder_input: InputLayer,
    /// The encoder.
    pub encoder: Encoder,
    /// The input of the decoder.
    pub decoder_input: InputLayer,
    /// The decoder.
    pub decoder: Decoder,
    /// The output projection if it is not tied, `[vocab_size, d_model]`.
    pub output: Option<Param<Tensor<2>>>,
    /// A fixed bias of the logits, `[vocab_size]`.
    pub logits_bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    config: EncoderDecoderConfig,
}

linears!(EncoderDecoder { encoder_input, encoder, decoder_input, decoder });

impl EncoderDecoder {
    /// The configuration.
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.embedding.lazy_device()
    }

    /// Runs the encoder.
    ///
    /// # Panics
    /// If an id is outside the vocabulary.
    pub fn encode(&self, source: TokenBatch<'_>, mode: Mode) -> Memory {
        let (_, src_len) = source.size();
        let mode = mode.stream("encoder");
        in_pool(|| {
            let mask = AttentionMask::key_lengths(source.lengths, src_len, &self.device());
            let x = self.encoder_input.forward(self.embed(source), RowPositions::FROM_ZERO, mode);
            Memory { states: self.encoder.forward(x, &mask, mode), mask }
        })
    }

    /// Runs the decoder on all positions of `input`: the target shifted right, starting with the start token.
    ///
    /// # Shapes
    /// - output: `[batch, tgt_len, d_model]`
    ///
    /// # Panics
    /// If an id is outside the vocabulary or the batch sizes differ.
    pub fn decode(&self, input: TokenBatch<'_>, memory: &Memory, mode: Mode) -> Tensor<3> {
        let mode = mode.stream("decoder");
        let x = self.decoder_input.forward(self.embed(input), RowPositions::FROM_ZERO, mode);
        self.decoder.forward(x, AttentionMask::none(), Some(memory), mode)
    }

    /// Creates a cache for decoding at most `max_len` positions.
    pub fn start(&self, memory: &Memory, max_len: usize) -> DecoderCache {
        self.decoder.start(Some(memory), AttentionMask::none(), max_len)
    }

    /// Runs the decoder on the next positions, with earlier ones in the cache. For inference only.
    ///
    /// # Shapes
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id is outside the vocabulary or the batch sizes differ.
    pub fn decode_cached(&self, input: TokenBatch<'_>, cache: &mut DecoderCache) -> Tensor<3> {
        let at = RowPositions { start: cache.len(), padding: &[] };
        let x = self.decoder_input.forward(self.embed(input), at, Mode::Eval);
        self.decoder.forward_cached(x, cache)
    }

    /// The logits of the next token at each position.
    ///
    /// # Shapes
    /// - `states`: `[batch, len, d_model]`
    /// - output: `[batch, len, vocab_size]`
    pub fn logits(&self, states: Tensor<3>) -> Tensor<3> {
        let [batch, len, _] = states.dims();
        let bias = self.logits_bias.as_ref().map(Param::val);
        linear(self.output_rows(states), self.output().val(), bias, Activation::Identity).reshape([
            batch,
            len,
            self.config.vocab_size,
        ])
    }

    /// The summed cross-entropy of a batch of targets, in nats. Padding is ignored.
    ///
    /// # Shapes
    /// - `target`: `[batch, tgt_len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If an id is outside the vocabulary or the batch sizes differ.
    pub fn loss(
        &self,
        source: TokenBatch<'_>,
        decoder_input: TokenBatch<'_>,
        target: &[u32],
        options: impl Into<CrossEntropy>,
        mode: Mode,
    ) -> Tensor<1> {
        let rows = self.target_rows(source, decoder_input, mode);
        self.cross_entropy(rows, target, options.into())
    }

    /// The loss of two forward passes with different dropout: see [`r_drop`].
    ///
    /// # Shapes
    /// - `target`: `[batch, tgt_len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// As [`loss`](Self::loss).
    pub fn r_drop_loss(
        &self,
        source: TokenBatch<'_>,
        decoder_input: TokenBatch<'_>,
        target: &[u32],
        options: CrossEntropy,
        alpha: f64,
        mode: Mode,
    ) -> Tensor<1> {
        let logits = ["first", "second"].map(|pass| {
            let mode = mode.stream(pass);
            let memory = self.encode(source, mode);
            let logits = self.logits(self.decode(decoder_input, &memory, mode));
            let [batch, len, vocab_size] = logits.dims();
            logits.reshape([batch * len, vocab_size])
        });
        r_drop(logits, self.targets(target), self.config.n_classes(), options, alpha)
    }

    /// The input of the output projection for a batch of targets, `[batch · tgt_len, d_model]`.
    fn target_rows(
        &self,
        source: TokenBatch<'_>,
        decoder_input: TokenBatch<'_>,
        mode: Mode,
    ) -> Tensor<2> {
        let memory = self.encode(source, mode);
        self.output_rows(self.decode(decoder_input, &memory, mode))
    }

    /// The cross entropy of targets, summed, given the input of the output projection.
    fn cross_entropy(&self, rows: Tensor<2>, target: &[u32], options: CrossEntropy) -> Tensor<1> {
        let bias = self.logits_bias.as_ref().map(Param::val);
        linear_cross_entropy_with(
            rows,
            LinearWeights { weight: self.output().val(), bias },
            self.targets(target),
            self.config.n_classes(),
            options,
        )
    }

    /// Target ids, with padding ignored.
    fn targets(&self, target: &[u32]) -> Tensor<1, Int> {
        let pad_id = self.config.pad_id;
        let targets: Vec<u32> =
            target.iter().map(|&id| if id == pad_id { IGNORED } else { id }).collect();
        id_tensor(&targets, &self.device())
    }

    fn embed(&self, tokens: TokenBatch<'_>) -> Tensor<3> {
        let scale = self.config.stack.embedding_scale();
        let (batch, _) = tokens.size();
        embed(&self.embedding, tokens.ids, batch, scale, Some(self.config.pad_id))
    }

    /// The input of the output projection, `[batch · len, d_model]`.
    fn output_rows(&self, states: Tensor<3>) -> Tensor<2> {
        let [batch, len, d_model] = states.dims();
        let rows = states.reshape([batch * len, d_model]);
        if self.config.scale_output { rows * (d_model as f32).powf(-0.5) } else { rows }
    }

    /// The output projection, which is the embedding if they are tied.
    fn output(&self) -> &Param<Tensor<2>> {
        self.output.as_ref().unwrap_or(&self.embedding)
    }
}
