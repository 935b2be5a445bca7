//! The decoder-only Transformer.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::{Decoder, DecoderCache, NormOrder};
use crosshead_kernels::{
    Activation, CrossEntropy, LinearWeights, Mode, in_pool, linear, linear_cross_entropy_with,
    linears,
};
use crosshead_weights::{Initialization, initialize};
use serde::{Deserialize, Serialize};

use crate::input::{InputLayer, RowPositions};
use crate::stack_config::{check_ids, check_sizes};
use crate::tokens::{TokenBatch, embed, id_tensor, table};
use crate::{AttentionWeights, InvalidField, PositionKind, StackConfig};

/// The configuration of a causal language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CausalLmConfig {
    /// The size of the vocabulary, including special tokens.
    pub vocab_size: usize,
    /// The layers.
    pub stack: StackConfig,
    /// The number of layers.
    pub n_layers: usize,
    /// Whether the output projection is tied to the embedding.
    pub tied_output: bool,
    /// The begin-of-sequence id, if there is one.
    pub bos_id: Option<u32>,
    /// The end-of-sequence id, if there is one.
    pub eos_id: Option<u32>,
    /// The padding id, if there is one.
    pub pad_id: Option<u32>,
}

impl CausalLmConfig {
    /// GPT-2 small (Radford et al. 2019): 12 pre-norm layers, learned positions, up to 1024 tokens, tied output; no
    /// special ids.
    pub fn new(vocab_size: usize) -> Self {
        Self {
            vocab_size,
            stack: StackConfig {
                positions: PositionKind::Learned { offset: 0 },
                max_len: 1024,
                norm_order: NormOrder::Pre,
                scale_embedding: false,
                activation: Activation::GeluTanh,
                attention_dropout: 0.1,
                ..StackConfig::new(768, 12, 3072)
            },
            n_layers: 12,
            tied_output: true,
            bos_id: None,
            eos_id: None,
            pad_id: None,
        }
    }

    setters! {
        /// Sets the layers (default: those of GPT-2 small).
        with_stack(stack: StackConfig);
        /// Sets the number of layers (default: 12).
        with_n_layers(n_layers: usize);
        /// Sets whether the output projection is tied to the embedding (default: true).
        with_tied_output(tied_output: bool);
        /// Sets the begin-of-sequence id (default: none).
        with_bos_id(bos_id: Some(u32));
        /// Sets the end-of-sequence id (default: none).
        with_eos_id(eos_id: Some(u32));
        /// Sets the padding id (default: none).
        with_pad_id(pad_id: Some(u32));
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// If a field is invalid; the error names the first one.
    pub fn check(&self) -> Result<(), InvalidField> {
        check_sizes(&[("vocab_size", self.vocab_size), ("n_layers", self.n_layers)])?;
        self.stack.check()?;
        let ids = [("bos_id", self.bos_id), ("eos_id", self.eos_id), ("pad_id", self.pad_id)];
        check_ids(self.vocab_size, &ids)
    }

    /// Builds a model and draws its weights, which are a pure function of the seed and the parameter's path.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
    pub fn init(&self, seed: u64, device: &Device) -> CausalLm {
        initialize(self.skeleton(device), Initialization::Glorot, seed, self.pad_id)
    }

    /// Builds a model without drawing its weights. Matrices take no memory until they are filled.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
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
    /// The token embedding, `[vocab_size, d_model]`.
    pub embedding: Param<Tensor<2>>,
    /// The input of the decoder.
    pub input: InputLayer,
    /// The decoder.
    pub decoder: Decoder,
    /// The output projection if it is not tied, `[vocab_size, d_model]`.
    pub output: Option<Param<Tensor<2>>>,
    #[module(skip)]
    pub(crate) config: CausalLmConfig,
}

linears!(CausalLm { input, decoder });

impl CausalLm {
    /// The configuration.
    pub fn config(&self) -> &CausalLmConfig {
        &self.config
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.embedding.lazy_device()
    }

    /// Runs the decoder on all positions. Padding on the right needs no mask, because attention is causal.
    ///
    /// # Shapes
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id is outside the vocabulary.
    pub fn forward(&self, tokens: TokenBatch<'_>, mode: Mode) -> Tensor<3> {
        let (batch, _) = tokens.size();
        let x = self.embed(tokens.ids, batch, RowPositions::FROM_ZERO, mode);
        self.decoder.forward(x, AttentionMask::none(), None, mode)
    }

    /// The self-attention weights of all layers, as [`AttentionWeights::decoder`]. Row i belongs to token i.
    ///
    /// # Shapes
    /// - `[batch, n_heads, len, len]` for each layer; weights of padded queries have no meaning
    ///
    /// # Panics
    /// If an id is outside the vocabulary.
    pub fn attention(&self, tokens: TokenBatch<'_>) -> AttentionWeights {
        let (batch, _) = tokens.size();
        in_pool(|| {
            let x = self.embed(tokens.ids, batch, RowPositions::FROM_ZERO, Mode::Eval);
            let (_, weights) = self.decoder.forward_with_attention(x, AttentionMask::none(), None);
            AttentionWeights { decoder: weights.self_attn, ..AttentionWeights::default() }
        })
    }

    /// Creates a cache for `capacity` positions. `padding` is the number of padding columns on the left of each row.
    pub fn start(&self, padding: &[usize], capacity: usize) -> DecoderCache {
        let mask = AttentionMask::none().with_key_starts(padding, &self.device());
        self.decoder.start(None, mask, capacity)
    }

    /// Runs the decoder on the next columns, with earlier ones in the cache. For inference only.
    ///
    /// # Shapes
    /// - `ids`: `[batch, len]`, `padding`: `[batch]`, as in [`start`](Self::start)
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id is outside the vocabulary or the batch sizes differ.
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

    /// The logits of the next token at each position.
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

    /// The summed cross-entropy of the next tokens, in nats. Targets equal to [`IGNORED`](crate::IGNORED) are ignored.
    ///
    /// # Shapes
    /// - `targets`: `[batch, len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If an id is outside the vocabulary.
    pub fn loss(
        &self,
        tokens: TokenBatch<'_>,
        targets: &[u32],
        options: impl Into<CrossEntropy>,
        mode: Mode,
    ) -> Tensor<1> {
        let states = self.forward(tokens, mode);
        let [batch, len, d_model] = states.dims();
        linear_cross_entropy_with(
            states.reshape([batch * len, d_model]),
            LinearWeights { weight: self.output().val(), bias: None },
            id_tensor(targets, &self.device()),
            self.config.vocab_size,
            options.into(),
        )
    }

    fn embed(&self, ids: &[u32], batch: usize, at: RowPositions<'_>, mode: Mode) -> Tensor<3> {
        let scale = self.config.stack.embedding_scale();
        let embeddings = embed(&self.embedding, ids, batch, scale, self.config.pad_id);
        self.input.forward(embeddings, at, mode)
    }

    /// The output projection, which is the embedding if they are tied.
    fn output(&self) -> &Param<Tensor<2>> {
        self.output.as_ref().unwrap_or(&self.embedding)
    }
}
