//! The decoder-only Transformer.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::{Decoder, DecoderCache};
use crosshead_kernels::{Activation, LabelSmoothing, Mode, linear, linear_cross_entropy};
use crosshead_weights::{Initialization, initialize};
use serde::{Deserialize, Serialize};

use crate::input::{InputLayer, RowPositions};
use crate::stack_config::{check_ids, check_sizes};
use crate::tokens::{TokenBatch, embed, id_tensor, table};
use crate::{InvalidField, StackConfig};

/// The configuration of a causal language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CausalLmConfig {
    /// Tokens of the vocabulary, special ones included.
    pub vocab_size: usize,
    /// The layers.
    pub stack: StackConfig,
    /// Number of layers.
    pub n_layers: usize,
    /// Whether the embedding is the output projection too.
    pub tied_output: bool,
    /// The id that begins a text, where there is one.
    pub bos_id: Option<u32>,
    /// The id that ends a text, where there is one.
    pub eos_id: Option<u32>,
    /// The id that fills short rows, where there is one of its own.
    pub pad_id: Option<u32>,
}

impl CausalLmConfig {
    /// Checks that a model can have these sizes.
    ///
    /// # Errors
    /// The first key whose value is impossible.
    pub fn check(&self) -> Result<(), InvalidField> {
        check_sizes(&[("vocab_size", self.vocab_size), ("n_layers", self.n_layers)])?;
        self.stack.check()?;
        let ids = [("bos_id", self.bos_id), ("eos_id", self.eos_id), ("pad_id", self.pad_id)];
        check_ids(self.vocab_size, &ids)
    }

    /// A model whose weights are a pure function of the seed.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds something.
    pub fn init(&self, seed: u64, device: &Device) -> CausalLm {
        initialize(self.skeleton(device), Initialization::Glorot, seed, self.pad_id)
    }

    /// A model whose weights wait to be filled; matrices take no memory until then.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds something.
    pub fn skeleton(&self, device: &Device) -> CausalLm {
        if let Err(error) = self.check() {
            panic!("{error}");
        }
        let table = || table(self.vocab_size, self.stack.d_model, device);
        CausalLm {
            embedding: table(),
            input: InputLayer::new(&self.stack, device),
            decoder: self.stack.layers().init_decoder_only(self.n_layers, device),
            output: (!self.tied_output).then(table),
            config: self.clone(),
        }
    }
}

/// A causal language model: a decoder without cross-attention that predicts each next token (Radford et al. 2018).
#[derive(Module, Debug)]
pub struct CausalLm {
    /// `[vocab_size, d_model]`
    pub embedding: Param<Tensor<2>>,
    /// What comes before the decoder.
    pub input: InputLayer,
    /// The decoder.
    pub decoder: Decoder,
    /// The output projection, where it is not the embedding, `[vocab_size, d_model]`.
    pub output: Option<Param<Tensor<2>>>,
    #[module(skip)]
    pub(crate) config: CausalLmConfig,
}

impl CausalLm {
    /// The configuration the model was made with.
    pub fn config(&self) -> &CausalLmConfig {
        &self.config
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.embedding.lazy_device()
    }

    /// The decoder's output at every position; padding on the right needs no mask, because no position looks ahead.
    ///
    /// # Shapes
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id lies outside the vocabulary.
    pub fn forward(&self, tokens: TokenBatch<'_>, mode: Mode) -> Tensor<3> {
        let (batch, _) = tokens.size();
        let x = self.embed(tokens.ids, batch, RowPositions::FROM_ZERO, mode);
        self.decoder.forward(x, AttentionMask::none(), None, mode)
    }

    /// Room for `capacity` positions of rows that begin with `padding` columns of padding.
    pub fn start(&self, padding: &[usize], capacity: usize) -> DecoderCache {
        let mask = AttentionMask::none().with_key_starts(padding, &self.device());
        self.decoder.start(None, mask, capacity)
    }

    /// The decoder's outputs for columns that continue those the cache has seen, at inference.
    ///
    /// # Shapes
    /// - `ids`: `[batch, len]`, `padding`: `[batch]`, as in [`start`](Self::start)
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id lies outside the vocabulary or the batches differ.
    pub fn forward_cached(
        &self,
        ids: &[u32],
        padding: &[usize],
        cache: &mut DecoderCache,
    ) -> Tensor<3> {
        let at = RowPositions { start: cache.len(), padding };
        let x = self.embed(ids, padding.len(), at, Mode::Eval);
        self.decoder.forward_cached(x, cache)
    }

    /// The scores of each next token.
    ///
    /// # Shapes
    /// - `states`: `[batch, len, d_model]`
    /// - output: `[batch, len, vocab_size]`
    pub fn logits(&self, states: Tensor<3>) -> Tensor<3> {
        let [batch, len, d_model] = states.dims();
        let rows = states.reshape([batch * len, d_model]);
        let logits = linear(rows, self.output().val(), None, Activation::Identity);
        logits.reshape([batch, len, self.config.vocab_size])
    }

    /// The summed cross entropy of the next tokens, in nats; a target of [`IGNORED`](crate::IGNORED) counts for nothing.
    ///
    /// # Shapes
    /// - `targets`: `[batch, len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If an id lies outside the vocabulary.
    pub fn loss(
        &self,
        tokens: TokenBatch<'_>,
        targets: &[u32],
        smoothing: LabelSmoothing,
        mode: Mode,
    ) -> Tensor<1> {
        let states = self.forward(tokens, mode);
        let [batch, len, d_model] = states.dims();
        linear_cross_entropy(
            states.reshape([batch * len, d_model]),
            self.output().val(),
            None,
            id_tensor(targets, &self.device()),
            self.config.vocab_size,
            smoothing,
        )
    }

    fn embed(&self, ids: &[u32], batch: usize, at: RowPositions<'_>, mode: Mode) -> Tensor<3> {
        let scale = self.config.stack.embedding_scale();
        let embeddings = embed(&self.embedding, ids, batch, scale, self.config.pad_id);
        self.input.forward(embeddings, at, mode)
    }

    /// The output projection: the embedding, where they are tied.
    fn output(&self) -> &Param<Tensor<2>> {
        self.output.as_ref().unwrap_or(&self.embedding)
    }
}
