//! The layers and positions that a stack configuration describes.

use burn::tensor::Device;
use crosshead_attention::MultiHeadAttentionConfig;
use crosshead_blocks::{FeedForwardConfig, LayerConfig, PositionBiasKind};
use crosshead_position::{LearnedPositionsConfig, Positions, SinusoidalPositionsConfig};

use super::{PositionKind, StackConfig};

impl StackConfig {
    /// The factor by which the embeddings are multiplied.
    pub(crate) fn embedding_scale(&self) -> f32 {
        if self.scale_embedding { (self.d_model as f32).sqrt() } else { 1.0 }
    }

    /// The configuration of a layer.
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

    /// The positions that are added to the embeddings.
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
