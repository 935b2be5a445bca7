//! The configuration that every layer of a stack shares.

mod init;

use crosshead_attention::MultiHeadAttentionConfig;
use crosshead_kernels::{Activation, RandomKey};
use serde::{Deserialize, Serialize};

use crate::{FeedForwardConfig, NormKind, NormOrder};

/// How the distance of a key is added to the scores of self-attention, in every layer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionBiasKind {
    /// A penalty linear in the distance (Press, Smith & Lewis 2022).
    Alibi,
    /// A learned value for each bucket of distances (Raffel et al. 2020), held once for the whole stack.
    Relative {
        /// Buckets that distances fall into.
        n_buckets: usize,
        /// The distance from which on all share the last bucket.
        max_distance: usize,
    },
}

/// The configuration of the identical layers of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerConfig {
    d_model: usize,
    n_heads: usize,
    attention: MultiHeadAttentionConfig,
    feed_forward: FeedForwardConfig,
    norm: NormKind,
    norm_order: NormOrder,
    norm_epsilon: f32,
    position_bias: Option<PositionBiasKind>,
    window: Option<usize>,
    dropout: f32,
    layer_drop: f32,
    checkpointing: bool,
    key: RandomKey,
}

impl LayerConfig {
    /// The paper's layer: post-norm, ReLU, no dropout yet; the seed is 0.
    pub fn new(d_model: usize, n_heads: usize, d_ff: usize) -> Self {
        Self {
            d_model,
            n_heads,
            attention: MultiHeadAttentionConfig::new(d_model, n_heads),
            feed_forward: FeedForwardConfig::new(d_model, d_ff),
            norm: NormKind::Layer,
            norm_order: NormOrder::Post,
            norm_epsilon: 1e-5,
            position_bias: None,
            window: None,
            dropout: 0.0,
            layer_drop: 0.0,
            checkpointing: false,
            key: RandomKey::new(0),
        }
    }

    /// The attention of every sub-layer: head counts and sizes, biases, rotary positions, dropout.
    ///
    /// Rotary positions act in self-attention alone. The seed is the layer's, see [`with_seed`](Self::with_seed).
    /// Default: [`MultiHeadAttentionConfig::new`].
    pub fn with_attention(mut self, attention: MultiHeadAttentionConfig) -> Self {
        self.attention = attention;
        self
    }

    /// The feed-forward sub-layer: activation, gate, biases, dropout. The seed is the layer's, see
    /// [`with_seed`](Self::with_seed). Default: [`FeedForwardConfig::new`].
    pub fn with_feed_forward(mut self, feed_forward: FeedForwardConfig) -> Self {
        self.feed_forward = feed_forward;
        self
    }

    /// The activation of the feed-forward sub-layer. Default: ReLU.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.feed_forward = self.feed_forward.with_activation(activation);
        self
    }

    /// The probability of dropping an attention weight. Default: 0.
    pub fn with_attention_dropout(mut self, dropout: f32) -> Self {
        self.attention = self.attention.with_dropout(dropout);
        self
    }

    /// The probability of dropping an element between the two projections of the feed-forward sub-layer. Default: 0.
    pub fn with_activation_dropout(mut self, dropout: f32) -> Self {
        self.feed_forward = self.feed_forward.with_dropout(dropout);
        self
    }

    /// Which normalization. Default: layer normalization.
    pub fn with_norm(mut self, norm: NormKind) -> Self {
        self.norm = norm;
        self
    }

    /// Where the norms are. Default: post-norm.
    pub fn with_norm_order(mut self, norm_order: NormOrder) -> Self {
        self.norm_order = norm_order;
        self
    }

    /// The number added to the variance in every norm. Default: 1e-5.
    pub fn with_norm_epsilon(mut self, epsilon: f32) -> Self {
        self.norm_epsilon = epsilon;
        self
    }

    /// How distances are added to the scores of self-attention. Default: none.
    pub fn with_position_bias(mut self, position_bias: PositionBiasKind) -> Self {
        self.position_bias = Some(position_bias);
        self
    }

    /// The positions that self-attention reaches: a key is seen at a distance below `window` (Beltagy et al. 2020; Mistral).
    /// Default: all.
    pub fn with_window(mut self, window: usize) -> Self {
        self.window = Some(window);
        self
    }

    /// The probability of dropping an element of a sub-layer's output. Default: 0.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// The probability of leaving out a whole layer in training (LayerDrop, Fan, Grave & Joulin 2020). Default: 0.
    pub fn with_layer_drop(mut self, layer_drop: f32) -> Self {
        self.layer_drop = layer_drop;
        self
    }

    /// Whether training keeps only the input of each layer and computes the rest again in the backward pass (Chen et
    /// al. 2016): less memory for a third more time, and the same gradients. Default: no.
    pub fn with_checkpointing(mut self, checkpointing: bool) -> Self {
        self.checkpointing = checkpointing;
        self
    }

    /// The seed of the weights, which are a pure function of it and of their place.
    ///
    /// Each part of a layer, each layer of a stack, and encoder and decoder draw their own. Two stacks of one kind, or two
    /// single layers, with one seed are equal. Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// The stream of random numbers that the parts derive theirs from by name and index: a seed and the layers' place in a
    /// larger module. Default: that of seed 0.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// Features of a position.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// Attention heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// The attention of every sub-layer.
    pub fn attention(&self) -> &MultiHeadAttentionConfig {
        &self.attention
    }

    /// The feed-forward sub-layer.
    pub fn feed_forward(&self) -> &FeedForwardConfig {
        &self.feed_forward
    }

    /// Which normalization.
    pub fn norm(&self) -> NormKind {
        self.norm
    }

    /// Where the norms are.
    pub fn norm_order(&self) -> NormOrder {
        self.norm_order
    }

    /// The number added to the variance in every norm.
    pub fn norm_epsilon(&self) -> f32 {
        self.norm_epsilon
    }

    /// How distances are added to the scores of self-attention.
    pub fn position_bias(&self) -> Option<PositionBiasKind> {
        self.position_bias
    }

    /// The positions that self-attention reaches, if not all.
    pub fn window(&self) -> Option<usize> {
        self.window
    }

    /// The probability of dropping an element of a sub-layer's output.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// The probability of leaving out a whole layer in training.
    pub fn layer_drop(&self) -> f32 {
        self.layer_drop
    }

    /// Whether training keeps only the input of each layer.
    pub fn checkpointing(&self) -> bool {
        self.checkpointing
    }
}
