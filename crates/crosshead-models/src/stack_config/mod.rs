//! The configuration of a stack of layers. Every model has one.

mod layers;
mod options;

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_position::{RotaryConfig, SinusoidLayout};
use serde::{Deserialize, Serialize};

use crate::InvalidField;

/// The largest valid size, because a typo must not exhaust the memory.
const MAX_SIZE: usize = 1 << 24;

/// How a model encodes positions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionKind {
    /// No position encoding.
    None,
    /// Sinusoids added to the embeddings (Vaswani et al. 2017, section 3.5).
    Sinusoidal {
        /// The frequencies and the order of sines and cosines.
        layout: SinusoidLayout,
        /// The offset that is added to each position (2 in M2M-100).
        offset: usize,
    },
    /// A learned table added to the embeddings.
    Learned {
        /// The row of position 0 (2 in BART and RoBERTa).
        offset: usize,
    },
    /// Rotary embedding of queries and keys (Su et al. 2021).
    Rotary(RotaryConfig),
    /// ALiBi: a penalty linear in the distance (Press, Smith & Lewis 2022).
    Alibi,
    /// A learned bias for each bucket of distances (Raffel et al. 2020).
    Relative {
        /// The number of buckets.
        n_buckets: usize,
        /// The distance at and beyond which all distances share the last bucket.
        max_distance: usize,
    },
}

/// The configuration of a stack of identical layers and of its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StackConfig {
    /// The width of the residual stream.
    pub d_model: usize,
    /// The inner width of the feed-forward network.
    pub d_ff: usize,
    /// The number of query heads.
    pub n_heads: usize,
    /// The number of key/value heads (Ainslie et al. 2023). Default: `n_heads`.
    pub n_kv_heads: Option<usize>,
    /// The width of a head. Default: `d_model / n_heads`.
    pub d_head: Option<usize>,
    /// The factor of QKᵀ. Default: 1/√`d_head`.
    pub attention_scale: Option<f32>,
    /// The soft cap c of attention scores, c · tanh(score / c). Default: none.
    pub attention_soft_cap: Option<f32>,
    /// Whether queries and keys are normalized.
    pub qk_norm: bool,
    /// Whether the query, key and value projections have biases.
    pub qkv_bias: bool,
    /// Whether the output projection of attention has a bias.
    pub attention_out_bias: bool,
    /// The window of self-attention, in positions. Default: unlimited.
    pub window: Option<usize>,
    /// The position encoding.
    pub positions: PositionKind,
    /// The maximum length in tokens.
    pub max_len: usize,
    /// The kind of normalization.
    pub norm: NormKind,
    /// The order of norm and residual.
    pub norm_order: NormOrder,
    /// The ε of every norm.
    pub norm_epsilon: f32,
    /// Whether the embeddings are normalized before the first layer, as in BERT and BART.
    pub embedding_norm: bool,
    /// Whether the embeddings are multiplied by √`d_model`.
    pub scale_embedding: bool,
    /// The activation of the feed-forward network.
    pub activation: Activation,
    /// Whether the feed-forward network is gated (Shazeer 2020).
    pub gated: bool,
    /// Whether the feed-forward network has biases.
    pub feed_forward_bias: bool,
    /// The dropout probability of the output of each sub-layer.
    pub dropout: f32,
    /// The dropout probability of the embeddings. Default: `dropout`.
    pub embedding_dropout: Option<f32>,
    /// The dropout probability of attention weights.
    pub attention_dropout: f32,
    /// The dropout probability inside the feed-forward network.
    pub activation_dropout: f32,
    /// The probability of skipping a layer in training (LayerDrop).
    pub layer_drop: f32,
    /// Whether training uses gradient checkpointing: activations inside a layer are recomputed in the backward pass.
    pub checkpointing: bool,
}

impl Default for StackConfig {
    /// The layers of the paper's base model (Vaswani et al. 2017, table 3): `StackConfig::new(512, 8, 2048)`.
    fn default() -> Self {
        Self {
            d_model: 512,
            d_ff: 2048,
            n_heads: 8,
            n_kv_heads: None,
            d_head: None,
            attention_scale: None,
            attention_soft_cap: None,
            qk_norm: false,
            qkv_bias: true,
            attention_out_bias: true,
            window: None,
            positions: PositionKind::Sinusoidal { layout: SinusoidLayout::Concatenated, offset: 0 },
            max_len: 512,
            norm: NormKind::Layer,
            norm_order: NormOrder::Post,
            norm_epsilon: 1e-5,
            embedding_norm: false,
            scale_embedding: true,
            activation: Activation::Relu,
            gated: false,
            feed_forward_bias: true,
            dropout: 0.1,
            embedding_dropout: None,
            attention_dropout: 0.0,
            activation_dropout: 0.0,
            layer_drop: 0.0,
            checkpointing: false,
        }
    }
}

impl StackConfig {
    /// Checks the configuration.
    ///
    /// # Errors
    /// If a field is invalid; the error names the first one.
    pub fn check(&self) -> Result<(), InvalidField> {
        check_sizes(&[
            ("d_model", self.d_model),
            ("d_ff", self.d_ff),
            ("n_heads", self.n_heads),
            ("n_kv_heads", self.n_kv_heads()),
            ("max_len", self.max_len),
        ])?;
        if self.d_head.is_none() && !self.d_model.is_multiple_of(self.n_heads) {
            let reason = format!(
                "d_model ({}) must be divisible by n_heads ({})",
                self.d_model, self.n_heads
            );
            return Err(InvalidField::new("n_heads", reason));
        }
        let width = self.n_heads.saturating_mul(self.d_head());
        check_sizes(&[("d_head", self.d_head()), ("n_heads", width)])?;
        if !self.n_heads.is_multiple_of(self.n_kv_heads()) {
            let reason = format!(
                "n_heads ({}) must be divisible by n_kv_heads ({})",
                self.n_heads,
                self.n_kv_heads()
            );
            return Err(InvalidField::new("n_kv_heads", reason));
        }
        for (key, p) in [
            ("dropout", self.dropout),
            ("embedding_dropout", self.embedding_dropout()),
            ("attention_dropout", self.attention_dropout),
            ("activation_dropout", self.activation_dropout),
            ("layer_drop", self.layer_drop),
        ] {
            if !(0.0..1.0).contains(&p) {
                return Err(InvalidField::new(key, format!("{p} is outside [0, 1)")));
            }
        }
        if let PositionKind::Relative { n_buckets, max_distance } = self.positions {
            check_sizes(&[("n_buckets", n_buckets), ("max_distance", max_distance)])?;
            // An encoder uses half of the buckets for each direction, and half of these for exact distances.
            if n_buckets < 4 || max_distance <= n_buckets / 2 {
                let reason = format!(
                    "{n_buckets} with max_distance {max_distance} leaves no buckets for long distances"
                );
                return Err(InvalidField::new("n_buckets", reason));
            }
        }
        if let PositionKind::Learned { offset } | PositionKind::Sinusoidal { offset, .. } =
            self.positions
        {
            check_sizes(&[("max_len", self.max_len.saturating_add(offset))])?;
        }
        if let PositionKind::Rotary(rotary) = &self.positions {
            let (d_head, rotated) = (rotary.d_head(), rotary.rotated_dims());
            if d_head != self.d_head() {
                let reason = format!(
                    "rotary embedding for heads of {d_head} features, but d_head is {}",
                    self.d_head()
                );
                return Err(InvalidField::new("positions", reason));
            }
            if rotated == 0 || rotated > d_head || !rotated.is_multiple_of(2) {
                let reason = format!(
                    "cannot rotate {rotated} of {d_head} features: an even number is needed"
                );
                return Err(InvalidField::new("positions", reason));
            }
        }
        if self.window == Some(0) {
            return Err(InvalidField::new(
                "window",
                "0: must be at least 1, so that a position attends to itself",
            ));
        }
        Ok(())
    }

    /// The number of key/value heads.
    pub fn n_kv_heads(&self) -> usize {
        self.n_kv_heads.unwrap_or(self.n_heads)
    }

    /// The width of a head.
    pub fn d_head(&self) -> usize {
        self.d_head.unwrap_or(self.d_model / self.n_heads.max(1))
    }

    /// The dropout probability of the embeddings.
    pub(crate) fn embedding_dropout(&self) -> f32 {
        self.embedding_dropout.unwrap_or(self.dropout)
    }
}

/// Reports the first size that is zero or too large.
pub(crate) fn check_sizes(sizes: &[(&'static str, usize)]) -> Result<(), InvalidField> {
    sizes.iter().try_for_each(|&(key, size)| match size {
        1..=MAX_SIZE => Ok(()),
        _ => Err(InvalidField::new(key, format!("{size} is outside 1 to {MAX_SIZE}"))),
    })
}

/// Reports the first id that is outside the vocabulary.
pub(crate) fn check_ids(
    vocab_size: usize,
    ids: &[(&'static str, Option<u32>)],
) -> Result<(), InvalidField> {
    ids.iter().try_for_each(|&(key, id)| match id {
        Some(id) if id as usize >= vocab_size => {
            let reason = format!("{id} is outside the vocabulary of {vocab_size}");
            Err(InvalidField::new(key, reason))
        }
        _ => Ok(()),
    })
}
