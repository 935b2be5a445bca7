//! Initialization of layers and stacks.

use burn::tensor::Device;
use crosshead_attention::MultiHeadAttention;
use crosshead_position::{AlibiConfig, PositionBias, RelativePositionBiasConfig};

use super::{LayerConfig, PositionBiasKind};
use crate::decoder::NO_PARALLEL_CROSS_ATTENTION;
use crate::{Decoder, DecoderLayer, Encoder, EncoderLayer, FeedForward, Norm, NormOrder};

impl LayerConfig {
    /// A stack of `n_layers` encoder layers, with a final norm in every order except post-norm.
    ///
    /// # Panics
    /// If the sizes are inconsistent.
    pub fn init_encoder(&self, n_layers: usize, device: &Device) -> Encoder {
        self.init_shared_encoder(n_layers, n_layers, device)
    }

    /// A stack of `n_layers` encoder layers in `n_groups` groups of consecutive layers with shared weights (Lan et al. 2020,
    /// section 3.1).
    ///
    /// # Panics
    /// If the sizes are inconsistent.
    pub fn init_shared_encoder(
        &self,
        n_layers: usize,
        n_groups: usize,
        device: &Device,
    ) -> Encoder {
        assert!(
            n_groups <= n_layers && (n_groups > 0 || n_layers == 0),
            "{n_layers} layers cannot form {n_groups} groups"
        );
        Encoder {
            position_bias: self.init_position_bias(true, device),
            layers: (0..n_groups)
                .map(|index| self.layer("encoder", index).init_encoder_layer(device))
                .collect(),
            n_layers,
            final_norm: self.final_norm(device),
            window: self.window,
            layer_drop: self.layer_drop,
            checkpointing: self.checkpointing,
        }
    }

    /// A stack of `n_layers` decoder layers with cross-attention, and a final norm in every order except post-norm.
    ///
    /// # Panics
    /// If the sizes are inconsistent, or the order is parallel.
    pub fn init_decoder(&self, n_layers: usize, device: &Device) -> Decoder {
        self.decoder(n_layers, device, Self::init_decoder_layer)
    }

    /// A stack of `n_layers` decoder layers without cross-attention: a decoder-only model (Radford et al. 2018).
    ///
    /// # Panics
    /// If the sizes are inconsistent.
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
            position_bias: self.init_position_bias(false, device),
            layers: (0..n_layers)
                .map(|index| layer(&self.layer("decoder", index), device))
                .collect(),
            final_norm: self.final_norm(device),
            window: self.window,
            layer_drop: self.layer_drop,
            checkpointing: self.checkpointing,
        }
    }

    /// The configuration of one layer of a stack.
    fn layer(&self, stack: &str, index: usize) -> Self {
        self.clone().with_key(self.key.stream(stack).index(index))
    }

    /// One encoder layer.
    ///
    /// # Panics
    /// If the sizes are inconsistent.
    pub fn init_encoder_layer(&self, device: &Device) -> EncoderLayer {
        EncoderLayer {
            self_attn: self.init_attention("self_attn", device),
            self_attn_norm: self.init_norm(device),
            self_attn_output_norm: self.output_norm(device),
            feed_forward: self.init_feed_forward(device),
            feed_forward_norm: self.feed_forward_norm(device),
            feed_forward_output_norm: self.output_norm(device),
            norm_order: self.norm_order,
            dropout: self.dropout,
        }
    }

    /// One decoder layer with cross-attention.
    ///
    /// # Panics
    /// If the sizes are inconsistent, or the order is parallel.
    pub fn init_decoder_layer(&self, device: &Device) -> DecoderLayer {
        assert!(self.norm_order != NormOrder::Parallel, "{NO_PARALLEL_CROSS_ATTENTION}");
        DecoderLayer {
            cross_attn: Some(self.init_attention("cross_attn", device)),
            cross_attn_norm: Some(self.init_norm(device)),
            cross_attn_output_norm: self.output_norm(device),
            ..self.init_decoder_only_layer(device)
        }
    }

    /// One decoder layer without cross-attention.
    ///
    /// # Panics
    /// If the sizes are inconsistent.
    pub fn init_decoder_only_layer(&self, device: &Device) -> DecoderLayer {
        DecoderLayer {
            self_attn: self.init_attention("self_attn", device),
            self_attn_norm: self.init_norm(device),
            self_attn_output_norm: self.output_norm(device),
            cross_attn: None,
            cross_attn_norm: None,
            cross_attn_output_norm: None,
            feed_forward: self.init_feed_forward(device),
            feed_forward_norm: self.feed_forward_norm(device),
            feed_forward_output_norm: self.output_norm(device),
            norm_order: self.norm_order,
            dropout: self.dropout,
        }
    }

    fn init_attention(&self, name: &str, device: &Device) -> MultiHeadAttention {
        let Self { d_model, n_heads, attention, .. } = self;
        assert!(
            attention.d_model() == *d_model && attention.n_heads() == *n_heads,
            "attention with d_model ({}) and n_heads ({}) does not match a layer with d_model ({d_model}) and n_heads \
             ({n_heads})",
            attention.d_model(),
            attention.n_heads()
        );
        attention.clone().with_key(self.key.stream(name)).init(device)
    }

    fn init_feed_forward(&self, device: &Device) -> FeedForward {
        let Self { d_model, feed_forward, .. } = self;
        assert!(
            feed_forward.d_model() == *d_model,
            "feed-forward with d_model ({}) does not match a layer with d_model ({d_model})",
            feed_forward.d_model()
        );
        feed_forward.clone().with_key(self.key.stream("feed_forward")).init(device)
    }

    fn init_norm(&self, device: &Device) -> Norm {
        self.norm.init(self.d_model, self.norm_epsilon, device)
    }

    /// `None` in parallel order, where both sub-layers share one norm.
    fn feed_forward_norm(&self, device: &Device) -> Option<Norm> {
        (self.norm_order != NormOrder::Parallel).then(|| self.init_norm(device))
    }

    fn output_norm(&self, device: &Device) -> Option<Norm> {
        (self.norm_order == NormOrder::Sandwich).then(|| self.init_norm(device))
    }

    fn final_norm(&self, device: &Device) -> Option<Norm> {
        self.norm_order.needs_final_norm().then(|| self.init_norm(device))
    }

    fn init_position_bias(&self, bidirectional: bool, device: &Device) -> Option<PositionBias> {
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
