//! The encoder-only Transformer.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::Encoder as EncoderStack;
use crosshead_kernels::{Mode, in_pool};
use crosshead_weights::{Initialization, initialize};
use serde::{Deserialize, Serialize};

use crate::input::{InputLayer, RowPositions};
use crate::stack_config::{check_ids, check_sizes};
use crate::tokens::{TokenBatch, embed, table};
use crate::{InvalidField, StackConfig};

/// The configuration of an encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Tokens of the vocabulary, special ones included.
    pub vocab_size: usize,
    /// The layers.
    pub stack: StackConfig,
    /// Number of layers.
    pub n_layers: usize,
    /// Groups of neighbouring layers that share their weights, as in ALBERT; each layer has its own unless said otherwise.
    pub n_groups: Option<usize>,
    /// Features of embeddings that a projection brings to `d_model`, as in ALBERT; they have `d_model` unless said otherwise.
    pub d_embedding: Option<usize>,
    /// Types of tokens, such as first and second text; 0 for none.
    pub n_token_types: usize,
    /// The id that fills short rows.
    pub pad_id: u32,
}

impl EncoderConfig {
    /// Checks that a model can have these sizes.
    ///
    /// # Errors
    /// The first key whose value is impossible.
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

    /// Groups of layers with weights of their own.
    pub fn n_groups(&self) -> usize {
        self.n_groups.unwrap_or(self.n_layers)
    }

    /// Features of embeddings.
    pub fn d_embedding(&self) -> usize {
        self.d_embedding.unwrap_or(self.stack.d_model)
    }

    /// A model whose weights are a pure function of the seed.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds something.
    pub fn init(&self, seed: u64, device: &Device) -> Encoder {
        initialize(self.skeleton(device), Initialization::Bert, seed, Some(self.pad_id))
    }

    /// A model whose weights wait to be filled; matrices take no memory until then.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds something.
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

/// An encoder: a vector for each token that depends on all of them (Devlin et al. 2019).
#[derive(Module, Debug)]
pub struct Encoder {
    /// `[vocab_size, d_embedding]`
    pub embedding: Param<Tensor<2>>,
    /// What tells first and second text apart, `[n_token_types, d_embedding]`.
    pub token_types: Option<Param<Tensor<2>>>,
    /// What comes before the layers.
    pub input: InputLayer,
    /// The layers.
    pub encoder: EncoderStack,
    #[module(skip)]
    pub(crate) config: EncoderConfig,
}

impl Encoder {
    /// The configuration the model was made with.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.embedding.lazy_device()
    }

    /// A vector for each token; `types` gives the type of each token, all 0 if there are none.
    ///
    /// # Shapes
    /// - `types`: `[batch, len]`
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If an id lies outside the vocabulary, or a type outside the model's; a model without types takes 0 alone.
    pub fn forward(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<3> {
        let (batch, len) = tokens.size();
        if let Some(types) = types {
            self.check_types(types, tokens.ids.len());
        }
        in_pool(|| {
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
            let mask = AttentionMask::key_lengths(tokens.lengths, len, &self.device());
            self.encoder.forward(x, &mask, mode)
        })
    }

    fn check_types(&self, types: &[u32], n_tokens: usize) {
        assert!(types.len() == n_tokens, "{} token types for {n_tokens} tokens", types.len());
        let n_types = self.config.n_token_types.max(1);
        if let Some(unknown) = types.iter().find(|&&of_token| of_token as usize >= n_types) {
            panic!("token type {unknown} is none of the model's {}", self.config.n_token_types);
        }
    }
}
