//! The configuration that every layer of a stack shares.

use burn::tensor::Device;
use crosshead_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use crosshead_kernels::{Activation, LayerNorm, LayerNormConfig};

use crate::{Decoder, DecoderLayer, Encoder, EncoderLayer, FeedForward, NormOrder};

/// The configuration of the identical layers of a stack.
#[derive(Clone, Debug)]
pub struct LayerConfig {
    pub(crate) d_model: usize,
    pub(crate) n_heads: usize,
    pub(crate) d_ff: usize,
    pub(crate) activation: Activation,
    pub(crate) norm_order: NormOrder,
    pub(crate) norm_epsilon: f32,
    pub(crate) dropout: f32,
    pub(crate) attention_dropout: f32,
    pub(crate) activation_dropout: f32,
}

impl LayerConfig {
    /// The paper's layer: post-norm, ReLU, no dropout yet.
    pub fn new(d_model: usize, n_heads: usize, d_ff: usize) -> Self {
        Self {
            d_model,
            n_heads,
            d_ff,
            activation: Activation::Relu,
            norm_order: NormOrder::Post,
            norm_epsilon: 1e-5,
            dropout: 0.0,
            attention_dropout: 0.0,
            activation_dropout: 0.0,
        }
    }

    /// The activation of the feed-forward sub-layer.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
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

    /// The probability of dropping an element of a sub-layer's output.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// The probability of dropping an attention weight.
    pub fn with_attention_dropout(mut self, dropout: f32) -> Self {
        self.attention_dropout = dropout;
        self
    }

    /// The probability of dropping an element between the two products of the feed-forward sub-layer.
    pub fn with_activation_dropout(mut self, dropout: f32) -> Self {
        self.activation_dropout = dropout;
        self
    }

    /// A stack of `n_layers` encoder layers; pre-norm order ends it with a norm.
    ///
    /// # Panics
    /// If `d_model` is not a multiple of `n_heads`.
    pub fn init_encoder(&self, n_layers: usize, device: &Device) -> Encoder {
        Encoder {
            layers: (0..n_layers).map(|_| self.init_encoder_layer(device)).collect(),
            final_norm: self.final_norm(device),
        }
    }

    /// A stack of `n_layers` decoder layers; pre-norm order ends it with a norm.
    ///
    /// # Panics
    /// If `d_model` is not a multiple of `n_heads`.
    pub fn init_decoder(&self, n_layers: usize, device: &Device) -> Decoder {
        Decoder {
            layers: (0..n_layers).map(|_| self.init_decoder_layer(device)).collect(),
            final_norm: self.final_norm(device),
        }
    }

    /// One encoder layer.
    ///
    /// # Panics
    /// If `d_model` is not a multiple of `n_heads`.
    pub fn init_encoder_layer(&self, device: &Device) -> EncoderLayer {
        EncoderLayer {
            self_attn: self.attention(device),
            self_attn_norm: self.norm(device),
            feed_forward: FeedForward::new(self, device),
            feed_forward_norm: self.norm(device),
            norm_order: self.norm_order,
            dropout: self.dropout,
        }
    }

    /// One decoder layer.
    ///
    /// # Panics
    /// If `d_model` is not a multiple of `n_heads`.
    pub fn init_decoder_layer(&self, device: &Device) -> DecoderLayer {
        DecoderLayer {
            self_attn: self.attention(device),
            self_attn_norm: self.norm(device),
            cross_attn: self.attention(device),
            cross_attn_norm: self.norm(device),
            feed_forward: FeedForward::new(self, device),
            feed_forward_norm: self.norm(device),
            norm_order: self.norm_order,
            dropout: self.dropout,
        }
    }

    fn attention(&self, device: &Device) -> MultiHeadAttention {
        MultiHeadAttentionConfig::new(self.d_model, self.n_heads)
            .with_dropout(self.attention_dropout)
            .init(device)
    }

    fn norm(&self, device: &Device) -> LayerNorm {
        LayerNormConfig::new(self.d_model).with_epsilon(self.norm_epsilon).init(device)
    }

    fn final_norm(&self, device: &Device) -> Option<LayerNorm> {
        (self.norm_order == NormOrder::Pre).then(|| self.norm(device))
    }
}
