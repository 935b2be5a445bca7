//! The configuration that every layer of a stack shares.

use burn::tensor::Device;
use crosshead_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use crosshead_kernels::Activation;
use crosshead_position::{AlibiConfig, PositionBias, RelativePositionBiasConfig};

use crate::{
    Decoder, DecoderLayer, Encoder, EncoderLayer, FeedForwardConfig, Norm, NormKind, NormOrder,
};

/// How the distance of a key is added to the scores of self-attention, in every layer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug)]
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
}

impl LayerConfig {
    /// The paper's layer: post-norm, ReLU, no dropout yet.
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
        }
    }

    /// The attention of every sub-layer: head counts and sizes, biases, rotary positions, dropout.
    ///
    /// Rotary positions act in self-attention alone.
    pub fn with_attention(mut self, attention: MultiHeadAttentionConfig) -> Self {
        self.attention = attention;
        self
    }

    /// The feed-forward sub-layer: activation, gate, biases, dropout.
    pub fn with_feed_forward(mut self, feed_forward: FeedForwardConfig) -> Self {
        self.feed_forward = feed_forward;
        self
    }

    /// The activation of the feed-forward sub-layer.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.feed_forward = self.feed_forward.with_activation(activation);
        self
    }

    /// The probability of dropping an attention weight.
    pub fn with_attention_dropout(mut self, dropout: f32) -> Self {
        self.attention = self.attention.with_dropout(dropout);
        self
    }

    /// The probability of dropping an element between the products of the feed-forward sub-layer.
    pub fn with_activation_dropout(mut self, dropout: f32) -> Self {
        self.feed_forward = self.feed_forward.with_dropout(dropout);
        self
    }

    /// Which normalization.
    pub fn with_norm(mut self, norm: NormKind) -> Self {
        self.norm = norm;
        self
    }

    /// Where the norms stand.
    pub fn with_norm_order(mut self, norm_order: NormOrder) -> Self {
        self.norm_order = norm_order;
        self
    }

    /// The number added to the variance in every norm.
    pub fn with_norm_epsilon(mut self, epsilon: f32) -> Self {
        self.norm_epsilon = epsilon;
        self
    }

    /// How distances are added to the scores of self-attention.
    pub fn with_position_bias(mut self, position_bias: PositionBiasKind) -> Self {
        self.position_bias = Some(position_bias);
        self
    }

    /// The positions that self-attention reaches: a key is seen at a distance below `window` (Beltagy et al. 2020; Mistral).
    pub fn with_window(mut self, window: usize) -> Self {
        self.window = Some(window);
        self
    }

    /// The probability of dropping an element of a sub-layer's output.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// The probability of leaving out a whole layer in training (LayerDrop, Fan, Grave & Joulin 2020).
    pub fn with_layer_drop(mut self, layer_drop: f32) -> Self {
        self.layer_drop = layer_drop;
        self
    }

    /// Whether training keeps only the input of each layer and computes the rest again in the backward pass (Chen et
    /// al. 2016): less memory for a third more time, and the same gradients.
    pub fn with_checkpointing(mut self, checkpointing: bool) -> Self {
        self.checkpointing = checkpointing;
        self
    }

    /// A stack of `n_layers` encoder layers; every order but post-norm ends it with a norm.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn init_encoder(&self, n_layers: usize, device: &Device) -> Encoder {
        self.init_shared_encoder(n_layers, n_layers, device)
    }

    /// A stack of `n_layers` encoder layers with the weights of `n_groups`: neighbours share them (Lan et al. 2020, section
    /// 3.1).
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn init_shared_encoder(
        &self,
        n_layers: usize,
        n_groups: usize,
        device: &Device,
    ) -> Encoder {
        assert!(n_groups <= n_layers, "{n_groups} groups of {n_layers} layers");
        Encoder {
            position_bias: self.position_bias(true, device),
            layers: (0..n_groups).map(|_| self.init_encoder_layer(device)).collect(),
            n_layers,
            final_norm: self.final_norm(device),
            window: self.window,
            layer_drop: self.layer_drop,
            checkpointing: self.checkpointing,
        }
    }

    /// A stack of `n_layers` decoder layers with cross-attention; every order but post-norm ends it with a norm.
    ///
    /// # Panics
    /// If the sizes do not fit each other, or in parallel order.
    pub fn init_decoder(&self, n_layers: usize, device: &Device) -> Decoder {
        self.decoder(n_layers, device, Self::init_decoder_layer)
    }

    /// A stack of `n_layers` decoder layers without cross-attention: a decoder-only model (Radford et al. 2018).
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn init_decoder_only(&self, n_layers: usize, device: &Device) -> Decoder {
        self.decoder(n_layers, device, Self::init_decoder_only_layer)
    }

    fn decoder(
        &self,
        n_layers: usize,
        device: &Device,
        layer: fn(&Self, &Device) -> DecoderLayer,
    ) -> Decoder {
        Decoder {
            position_bias: self.position_bias(false, device),
            layers: (0..n_layers).map(|_| layer(self, device)).collect(),
            final_norm: self.final_norm(device),
            window: self.window,
            layer_drop: self.layer_drop,
            checkpointing: self.checkpointing,
        }
    }

    /// One encoder layer.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn init_encoder_layer(&self, device: &Device) -> EncoderLayer {
        EncoderLayer {
            self_attn: self.attention(device),
            self_attn_norm: self.norm(device),
            self_attn_output_norm: self.output_norm(device),
            feed_forward: self.feed_forward.init(device),
            feed_forward_norm: self.feed_forward_norm(device),
            feed_forward_output_norm: self.output_norm(device),
            norm_order: self.norm_order,
            dropout: self.dropout,
        }
    }

    /// One decoder layer with cross-attention.
    ///
    /// # Panics
    /// If the sizes do not fit each other, or in parallel order.
    pub fn init_decoder_layer(&self, device: &Device) -> DecoderLayer {
        assert!(
            self.norm_order != NormOrder::Parallel,
            "parallel order is not defined for layers with cross-attention"
        );
        DecoderLayer {
            cross_attn: Some(self.attention(device)),
            cross_attn_norm: Some(self.norm(device)),
            cross_attn_output_norm: self.output_norm(device),
            ..self.init_decoder_only_layer(device)
        }
    }

    /// One decoder layer without cross-attention.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn init_decoder_only_layer(&self, device: &Device) -> DecoderLayer {
        DecoderLayer {
            self_attn: self.attention(device),
            self_attn_norm: self.norm(device),
            self_attn_output_norm: self.output_norm(device),
            cross_attn: None,
            cross_attn_norm: None,
            cross_attn_output_norm: None,
            feed_forward: self.feed_forward.init(device),
            feed_forward_norm: self.feed_forward_norm(device),
            feed_forward_output_norm: self.output_norm(device),
            norm_order: self.norm_order,
            dropout: self.dropout,
        }
    }

    fn attention(&self, device: &Device) -> MultiHeadAttention {
        self.attention.init(device)
    }

    fn norm(&self, device: &Device) -> Norm {
        self.norm.init(self.d_model, self.norm_epsilon, device)
    }

    /// In parallel order both sub-layers read the one norm.
    fn feed_forward_norm(&self, device: &Device) -> Option<Norm> {
        (self.norm_order != NormOrder::Parallel).then(|| self.norm(device))
    }

    fn output_norm(&self, device: &Device) -> Option<Norm> {
        (self.norm_order == NormOrder::Sandwich).then(|| self.norm(device))
    }

    fn final_norm(&self, device: &Device) -> Option<Norm> {
        self.norm_order.needs_final_norm().then(|| self.norm(device))
    }

    fn position_bias(&self, bidirectional: bool, device: &Device) -> Option<PositionBias> {
        Some(match self.position_bias? {
            PositionBiasKind::Alibi => PositionBias::Alibi(AlibiConfig::new(self.n_heads).init()),
            PositionBiasKind::Relative { n_buckets, max_distance } => PositionBias::Relative(
                RelativePositionBiasConfig::new(self.n_heads)
                    .with_n_buckets(n_buckets)
                    .with_max_distance(max_distance)
                    .with_bidirectional(bidirectional)
                    .init(device),
            ),
        })
    }
}
