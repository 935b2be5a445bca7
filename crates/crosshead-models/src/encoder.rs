//! The encoder-only Transformer.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::Encoder as EncoderStack;
use crosshead_kernels::{Activation, Mode, in_pool, linears};
use crosshead_weights::{Initialization, initialize};
use serde::{Deserialize, Serialize};

use crate::input::{InputLayer, RowPositions};
use crate::stack_config::{check_ids, check_sizes};
use crate::tokens::{TokenBatch, embed, table};
use crate::{AttentionWeights, InvalidField, PositionKind, StackConfig};

/// The configuration of an encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// The size of the vocabulary, including special tokens.
    pub vocab_size: usize,
    /// The layers.
    pub stack: StackConfig,
    /// The number of layers.
    pub n_layers: usize,
    /// The number of groups of consecutive layers that share weights, as in ALBERT. Default: `n_layers`, no sharing.
    pub n_groups: Option<usize>,
    /// The number of features of the embeddings, which are then projected to `d_model`, as in ALBERT. Default:
    /// `d_model`, without a projection.
    pub d_embedding: Option<usize>,
    /// The number of token types, such as first and second segment; 0 if there are none.
    pub n_token_types: usize,
    /// The padding id.
    pub pad_id: u32,
}

impl EncoderConfig {
    /// BERT base (Devlin et al. 2019): 12 post-norm layers, learned positions, two token types; 0 is padding.
    pub fn new(vocab_size: usize) -> Self {
        Self {
            vocab_size,
            stack: StackConfig {
                positions: PositionKind::Learned { offset: 0 },
                norm_epsilon: 1e-12,
                embedding_norm: true,
                scale_embedding: false,
                activation: Activation::Gelu,
                attention_dropout: 0.1,
                ..StackConfig::new(768, 12, 3072)
            },
            n_layers: 12,
            n_groups: None,
            d_embedding: None,
            n_token_types: 2,
            pad_id: 0,
        }
    }

    setters! {
        /// Sets the layers (default: those of BERT base).
        with_stack(stack: StackConfig);
        /// Sets the number of layers (default: 12).
        with_n_layers(n_layers: usize);
        /// Sets the number of groups of layers that share weights (default: `n_layers`).
        with_n_groups(n_groups: Some(usize));
        /// Sets the number of features of the embeddings (default: `d_model`).
        with_d_embedding(d_embedding: Some(usize));
        /// Sets the number of token types (default: 2).
        with_n_token_types(n_token_types: usize);
        /// Sets the padding id (default: 0).
        with_pad_id(pad_id: u32);
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// If a field is invalid; the error names the first one.
    pub fn check(&self) -> Result<(), InvalidField> {
        check_sizes(&[
            ("vocab_size", self.vocab_size),
            ("n_layers", self.n_layers),
            ("n_groups", self.n_groups()),
            ("d_embedding", self.d_embedding()),
        ])?;
        if self.n_groups() > self.n_layers {
            let reason = format!("{} groups of {} layers", self.n_groups(), self.n_layers);
            return Err(InvalidField::new("n_groups", reason));
        }
        self.stack.check()?;
        check_ids(self.vocab_size, &[("pad_id", Some(self.pad_id))])
    }

    /// The number of groups of layers that share weights.
    pub fn n_groups(&self) -> usize {
        self.n_groups.unwrap_or(self.n_layers)
    }

    /// The number of features of the embeddings.
    pub fn d_embedding(&self) -> usize {
        self.d_embedding.unwrap_or(self.stack.d_model)
    }

    /// Builds a model and draws its weights, which are a pure function of the seed and the parameter's path.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
    pub fn init(&self, seed: u64, device: &Device) -> Encoder {
        initialize(self.skeleton(device), Initialization::Bert, seed, Some(self.pad_id))
    }

    /// Builds a model without drawing its weights. Matrices take no memory until they are filled.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
    pub fn skeleton(&self, device: &Device) -> Encoder {
        if let Err(error) = self.check() {
            panic!("{error}");
        }
        let (d_embedding, layers) = (self.d_embedding(), self.stack.layers());
        let token_types =
            (self.n_token_types > 0).then(|| table(self.n_token_types, d_embedding, device));
        Encoder {
            embedding: table(self.vocab_size, d_embedding, device),
            token_types,
            input: InputLayer::factorized(&self.stack, self.d_embedding, device),
            encoder: layers.init_shared_encoder(self.n_layers, self.n_groups(), device),
            config: self.clone(),
        }
    }
}

/// A bidirectional encoder: one vector for each token (Devlin et al. 2019).
#[derive(Module, Debug)]
pub struct Encoder {
    /// The token embedding, `[vocab_size, d_embedding]`.
    pub embedding: Param<Tensor<2>>,
    /// The token type embedding, `[n_token_types, d_embedding]`.
    pub token_types: Option<Param<Tensor<2>>>,
    /// The input of the layers.
    pub input: InputLayer,
    /// The layers.
    pub encoder: EncoderStack,
    #[module(skip)]
    pub(crate) config: EncoderConfig,
}

linears!(Encoder { input, encoder });

impl Encoder {
    /// The configuration.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.embedding.lazy_device()
    }

    /// One vector for each token. `types` is the type of each token, 0 if `None`.
    ///
    /// # Shapes
    /// - `types`: `[batch, len]`
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id is outside the vocabulary, or a token type is not one of the model's; without token types, only 0 is
    /// valid.
    pub fn forward(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<3> {
        self.check_types(tokens, types);
        in_pool(|| {
            let (x, mask) = self.layer_input(tokens, types, mode);
            self.encoder.forward(x, &mask, mode)
        })
    }

    /// The self-attention weights of all layers, as [`AttentionWeights::encoder`]. `types` is the type of each token, 0 if
    /// `None`.
    ///
    /// # Shapes
    /// - `types`: `[batch, len]`
    /// - `[batch, n_heads, len, len]` for each layer; weights of padded queries have no meaning
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    pub fn attention(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>) -> AttentionWeights {
        self.check_types(tokens, types);
        in_pool(|| {
            let (x, mask) = self.layer_input(tokens, types, Mode::Eval);
            let (_, encoder) = self.encoder.forward_with_attention(x, &mask);
            AttentionWeights { encoder, ..AttentionWeights::default() }
        })
    }

    /// The input of the layers and its mask.
    fn layer_input(
        &self,
        tokens: TokenBatch<'_>,
        types: Option<&[u32]>,
        mode: Mode,
    ) -> (Tensor<3>, AttentionMask) {
        let (batch, len) = tokens.size();
        let scale = self.config.stack.embedding_scale();
        let words = embed(&self.embedding, tokens.ids, batch, scale, Some(self.config.pad_id));
        let embeddings = match &self.token_types {
            Some(table) => {
                let zeros = vec![0; tokens.ids.len()];
                words + embed(table, types.unwrap_or(&zeros), batch, 1.0, None)
            }
            None => words,
        };
        let x = self.input.forward(embeddings, RowPositions::FROM_ZERO, mode);
        (x, AttentionMask::key_lengths(tokens.lengths, len, &self.device()))
    }

    fn check_types(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>) {
        let Some(types) = types else { return };
        let n_tokens = tokens.ids.len();
        assert!(types.len() == n_tokens, "{} token types for {n_tokens} tokens", types.len());
        let n_types = self.config.n_token_types.max(1);
        if let Some(unknown) = types.iter().find(|&&of_token| of_token as usize >= n_types) {
            panic!("token type {unknown}: the model has {} types", self.config.n_token_types);
        }
    }
}
