//! Configuration of the layers of a stack.

mod init;

use crosshead_attention::MultiHeadAttentionConfig;
use crosshead_kernels::{Activation, RandomKey};
use serde::{Deserialize, Serialize};

use crate::{FeedForwardConfig, NormKind, NormOrder};

/// A bias added to the self-attention scores that depends on the distance between query and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionBiasKind {
    /// A penalty linear in the distance (Press, Smith & Lewis 2022).
    Alibi,
    /// A learned value per bucket of distances (Raffel et al. 2020), shared by all layers of the stack.
    Relative {
        /// Number of buckets.
        n_buckets: usize,
        /// The distance at and beyond which all keys share the last bucket.
        max_distance: usize,
    },
}

/// Configuration of the identical layers of a stack.
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
    /// The layer of Vaswani et al. 2017: post-norm and ReLU; without dropout.
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

    /// Sets the configuration of self- and cross-attention: number and size of heads, biases, rotary embedding,
    /// dropout.
    ///
    /// Rotary embedding applies only to self-attention. Its seed is replaced by the layer's; see
    /// [`with_seed`](Self::with_seed). Default: [`MultiHeadAttentionConfig::new`].
    pub fn with_attention(mut self, attention: MultiHeadAttentionConfig) -> Self {
        self.attention = attention;
        self
    }

    /// Sets the configuration of the feed-forward sub-layer: activation, gate, biases, dropout. Its seed is replaced by
    /// the layer's; see [`with_seed`](Self::with_seed). Default: [`FeedForwardConfig::new`].
    pub fn with_feed_forward(mut self, feed_forward: FeedForwardConfig) -> Self {
        self.feed_forward = feed_forward;
        self
    }

    /// Sets the activation of the feed-forward sub-layer. Default: ReLU.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.feed_forward = self.feed_forward.with_activation(activation);
        self
    }

    /// Sets the dropout probability of attention weights. Default: 0.
    pub fn with_attention_dropout(mut self, dropout: f32) -> Self {
        self.attention = self.attention.with_dropout(dropout);
        self
    }

    /// Sets the dropout probability between the two projections of the feed-forward sub-layer. Default: 0.
    pub fn with_activation_dropout(mut self, dropout: f32) -> Self {
        self.feed_forward = self.feed_forward.with_dropout(dropout);
        self
    }

    /// Sets the type of normalization. Default: layer normalization.
    pub fn with_norm(mut self, norm: NormKind) -> Self {
        self.norm = norm;
        self
    }

    /// Sets the position of the norms. Default: post-norm.
    pub fn with_norm_order(mut self, norm_order: NormOrder) -> Self {
        self.norm_order = norm_order;
        self
    }

    /// Sets the epsilon of every norm. Default: 1e-5.
    pub fn with_norm_epsilon(mut self, epsilon: f32) -> Self {
        self.norm_epsilon = epsilon;
        self
    }

    /// Sets the position bias of self-attention. Default: none.
    pub fn with_position_bias(mut self, position_bias: PositionBiasKind) -> Self {
        self.position_bias = Some(position_bias);
        self
    }

    /// Limits self-attention to keys at a distance below `window` (Beltagy et al. 2020; Mistral). Default: no limit.
    pub fn with_window(mut self, window: usize) -> Self {
        self.window = Some(window);
        self
    }

    /// Sets the dropout probability of sub-layer outputs. Default: 0.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// Sets the probability of skipping a layer in training (LayerDrop, Fan, Grave & Joulin 2020). Default: 0.
    pub fn with_layer_drop(mut self, layer_drop: f32) -> Self {
        self.layer_drop = layer_drop;
        self
    }

    /// Enables gradient checkpointing: training keeps only the input of each layer and recomputes the layer in the backward pass
    /// (Chen et al. 2016). Reduces memory use and takes about a third more time; gradients are the same. Default:
    /// false.
    pub fn with_checkpointing(mut self, checkpointing: bool) -> Self {
        self.checkpointing = checkpointing;
        self
    }

    /// Sets the seed of the initial weights, which are a pure function of the seed and the path of the parameter.
    ///
    /// The sub-layers of a layer, the layers of a stack, and encoder and decoder have different weights. Two stacks
    /// of the same kind, or two single layers, have equal weights if they have the same seed. Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// Sets the random key from which the keys of the sub-layers are derived by name and index; in a larger module, a key derived
    /// from the layer's path. Default: that of seed 0.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// Number of features.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// Number of attention heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// The configuration of self- and cross-attention.
    pub fn attention(&self) -> &MultiHeadAttentionConfig {
        &self.attention
    }

    /// The configuration of the feed-forward sub-layer.
    pub fn feed_forward(&self) -> &FeedForwardConfig {
        &self.feed_forward
    }

    /// The type of normalization.
    pub fn norm(&self) -> NormKind {
        self.norm
    }

    /// The position of the norms.
    pub fn norm_order(&self) -> NormOrder {
        self.norm_order
    }

    /// The epsilon of every norm.
    pub fn norm_epsilon(&self) -> f32 {
        self.norm_epsilon
    }

    /// The position bias of self-attention.
    pub fn position_bias(&self) -> Option<PositionBiasKind> {
        self.position_bias
    }

    /// The window of self-attention, if limited.
    pub fn window(&self) -> Option<usize> {
        self.window
    }

    /// The dropout probability of sub-layer outputs.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// The probability of skipping a layer in training.
    pub fn layer_drop(&self) -> f32 {
        self.layer_drop
    }

    /// Whether gradient checkpointing is enabled.
    pub fn checkpointing(&self) -> bool {
        self.checkpointing
    }
}
