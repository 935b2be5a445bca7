//! The configuration of a stack of layers, which every model has.

use burn::tensor::Device;
use crosshead_attention::MultiHeadAttentionConfig;
use crosshead_blocks::{FeedForwardConfig, LayerConfig, NormKind, NormOrder, PositionBiasKind};
use crosshead_kernels::Activation;
use crosshead_position::{
    LearnedPositionsConfig, Positions, RotaryConfig, SinusoidLayout, SinusoidalPositionsConfig,
};
use serde::{Deserialize, Serialize};

use crate::InvalidField;

/// The largest size that a configuration may name: a mistyped one must not use the memory up.
const LARGEST: usize = 1 << 24;

/// How a model tells positions apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionKind {
    /// Not at all, or by causality alone.
    None,
    /// Sinusoids added to the embeddings (Vaswani et al. 2017, section 3.5).
    Sinusoidal {
        /// Frequencies, and the order of sines and cosines.
        layout: SinusoidLayout,
        /// What position 0 counts as (2 in M2M-100).
        offset: usize,
    },
    /// A learned table added to the embeddings.
    Learned {
        /// Rows of the table before position 0 (2 in BART and RoBERTa).
        offset: usize,
    },
    /// Queries and keys rotated by an angle (Su et al. 2021).
    Rotary(RotaryConfig),
    /// A penalty on distance (Press, Smith & Lewis 2022).
    Alibi,
    /// A learned value for each bucket of distances (Raffel et al. 2020).
    Relative {
        /// Buckets that distances fall into.
        n_buckets: usize,
        /// The distance from which on all share the last bucket.
        max_distance: usize,
    },
}

/// The configuration of a stack of identical layers and of what comes before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StackConfig {
    /// Features of a token's vector.
    pub d_model: usize,
    /// Features between the two projections of a feed-forward sub-layer.
    pub d_ff: usize,
    /// Attention heads of each layer.
    pub n_heads: usize,
    /// Key/value heads of each layer; as many as `n_heads` unless said otherwise (Ainslie et al. 2023).
    pub n_kv_heads: Option<usize>,
    /// Features of a head; `d_model / n_heads` unless said otherwise.
    pub d_head: Option<usize>,
    /// The factor of QKᵀ; 1/√d_head unless said otherwise.
    pub attention_scale: Option<f32>,
    /// The bound of a score's size, c · tanh(score / c).
    pub attention_soft_cap: Option<f32>,
    /// Whether queries and keys are normalized before they meet.
    pub qk_norm: bool,
    /// Whether the projections of queries, keys and values have biases.
    pub qkv_bias: bool,
    /// Whether the output projection has a bias.
    pub attention_out_bias: bool,
    /// The number of positions that self-attention reaches; all unless said otherwise.
    pub window: Option<usize>,
    /// How positions are told apart.
    pub positions: PositionKind,
    /// The most positions that a model of this shape promises to handle.
    pub max_len: usize,
    /// Which normalization.
    pub norm: NormKind,
    /// Where the norms are.
    pub norm_order: NormOrder,
    /// The number added to the variance in every norm.
    pub norm_epsilon: f32,
    /// Whether embeddings are normalized below the first layer, as in BERT and BART.
    pub embedding_norm: bool,
    /// Whether embeddings are multiplied by √d_model.
    pub scale_embedding: bool,
    /// The activation of the feed-forward sub-layers.
    pub activation: Activation,
    /// Whether feed-forward sub-layers have a gate (Shazeer 2020).
    pub gated: bool,
    /// Whether feed-forward sub-layers have biases.
    pub feed_forward_bias: bool,
    /// The probability of dropping an element of a sub-layer's output.
    pub dropout: f32,
    /// The probability of dropping an element of an embedding; `dropout` unless said otherwise.
    pub embedding_dropout: Option<f32>,
    /// The probability of dropping an attention weight.
    pub attention_dropout: f32,
    /// The probability of dropping an element inside a feed-forward sub-layer.
    pub activation_dropout: f32,
    /// The probability of leaving out a whole layer in training.
    pub layer_drop: f32,
    /// Whether training computes each layer twice instead of keeping what is inside.
    pub checkpointing: bool,
}

impl Default for StackConfig {
    /// The layers of the paper's base model (Vaswani et al. 2017, table 3).
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
    /// Checks that a model can have these sizes.
    ///
    /// # Errors
    /// The first key whose value is impossible.
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
            // An encoder has half of the buckets for each direction, and half of those for a distance each.
            if n_buckets < 4 || max_distance <= n_buckets / 2 {
                let reason = format!(
                    "{n_buckets} and max_distance ({max_distance}) leave no buckets for long distances"
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
                    "rotary positions for heads of {d_head} features do not fit d_head ({})",
                    self.d_head()
                );
                return Err(InvalidField::new("positions", reason));
            }
            if rotated == 0 || rotated > d_head || !rotated.is_multiple_of(2) {
                let reason =
                    format!("{rotated} of {d_head} features of a head cannot turn in pairs");
                return Err(InvalidField::new("positions", reason));
            }
        }
        if self.window == Some(0) {
            return Err(InvalidField::new("window", "0: a position must reach itself"));
        }
        Ok(())
    }

    /// Key/value heads of each layer.
    pub fn n_kv_heads(&self) -> usize {
        self.n_kv_heads.unwrap_or(self.n_heads)
    }

    /// Features of a head.
    pub fn d_head(&self) -> usize {
        self.d_head.unwrap_or(self.d_model / self.n_heads.max(1))
    }

    /// The probability of dropping an element of an embedding.
    pub(crate) fn embedding_dropout(&self) -> f32 {
        self.embedding_dropout.unwrap_or(self.dropout)
    }

    /// The factor of embeddings.
    pub(crate) fn embedding_scale(&self) -> f32 {
        if self.scale_embedding { (self.d_model as f32).sqrt() } else { 1.0 }
    }

    /// The configuration of the layers.
    pub(crate) fn layers(&self) -> LayerConfig {
        let feed_forward = FeedForwardConfig::new(self.d_model, self.d_ff)
            .with_activation(self.activation)
            .with_gated(self.gated)
            .with_bias(self.feed_forward_bias)
            .with_dropout(self.activation_dropout);
        let mut layers = LayerConfig::new(self.d_model, self.n_heads, self.d_ff)
            .with_attention(self.attention())
            .with_feed_forward(feed_forward)
            .with_norm(self.norm)
            .with_norm_order(self.norm_order)
            .with_norm_epsilon(self.norm_epsilon)
            .with_dropout(self.dropout)
            .with_layer_drop(self.layer_drop)
            .with_checkpointing(self.checkpointing);
        if let Some(window) = self.window {
            layers = layers.with_window(window);
        }
        match self.positions {
            PositionKind::Alibi => layers.with_position_bias(PositionBiasKind::Alibi),
            PositionKind::Relative { n_buckets, max_distance } => {
                layers.with_position_bias(PositionBiasKind::Relative { n_buckets, max_distance })
            }
            PositionKind::None
            | PositionKind::Sinusoidal { .. }
            | PositionKind::Learned { .. }
            | PositionKind::Rotary(_) => layers,
        }
    }

    fn attention(&self) -> MultiHeadAttentionConfig {
        let mut attention = MultiHeadAttentionConfig::new(self.d_model, self.n_heads)
            .with_n_kv_heads(self.n_kv_heads())
            .with_d_head(self.d_head())
            .with_qkv_bias(self.qkv_bias)
            .with_out_bias(self.attention_out_bias)
            .with_dropout(self.attention_dropout);
        if let Some(scale) = self.attention_scale {
            attention = attention.with_scale(scale);
        }
        if let Some(soft_cap) = self.attention_soft_cap {
            attention = attention.with_soft_cap(soft_cap);
        }
        if self.qk_norm {
            attention = attention.with_qk_norm(self.norm_epsilon);
        }
        match &self.positions {
            PositionKind::Rotary(rotary) => attention.with_rotary(rotary.clone()),
            PositionKind::None
            | PositionKind::Sinusoidal { .. }
            | PositionKind::Learned { .. }
            | PositionKind::Alibi
            | PositionKind::Relative { .. } => attention,
        }
    }

    /// What is added to the embeddings.
    pub(crate) fn absolute_positions(
        &self,
        d_embedding: usize,
        device: &Device,
    ) -> Option<Positions> {
        match self.positions {
            PositionKind::Sinusoidal { layout, offset } => Some(Positions::Sinusoidal(
                SinusoidalPositionsConfig::new(d_embedding)
                    .with_layout(layout)
                    .with_offset(offset)
                    .init(),
            )),
            PositionKind::Learned { offset } => Some(Positions::Learned(
                LearnedPositionsConfig::new(self.max_len, d_embedding)
                    .with_offset(offset)
                    .init(device),
            )),
            PositionKind::None
            | PositionKind::Rotary(_)
            | PositionKind::Alibi
            | PositionKind::Relative { .. } => None,
        }
    }
}

/// The first size that is zero or absurdly large.
pub(crate) fn check_sizes(sizes: &[(&'static str, usize)]) -> Result<(), InvalidField> {
    sizes.iter().try_for_each(|&(key, size)| match size {
        1..=LARGEST => Ok(()),
        _ => Err(InvalidField::new(key, format!("{size} is outside 1 to {LARGEST}"))),
    })
}

/// The first id that lies outside the vocabulary.
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
