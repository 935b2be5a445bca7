//! Random stacks and inputs.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_attention::{AttentionMask, MultiHeadAttentionConfig};
use crosshead_blocks::{
    Decoder, Encoder, FeedForwardConfig, LayerConfig, NormKind, NormOrder, PositionBiasKind,
};
use crosshead_kernels::{Activation, Mode, RandomKey};
use crosshead_position::RotaryConfig;
use crosshead_testkit::{map_parameters, random};
use proptest::prelude::*;

/// Tolerance for f32 sums of a few dozen terms in a different order, after a few layers.
pub(crate) const TOLERANCE: f32 = 5e-5;

/// Tolerance for gradients of a stack, relative to their norm.
pub(crate) const GRADIENT_TOLERANCE: f32 = 2e-3;

/// The sizes of a stack and its input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) variant: Variant,
    pub(crate) batch: usize,
    pub(crate) seq: usize,
    n_heads: usize,
    d_head: usize,
    n_layers: usize,
}

/// The variant of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variant {
    pub(crate) order: NormOrder,
    norm: NormKind,
    gated: bool,
    rotary: bool,
    position_bias: Option<PositionBiasKind>,
    window: Option<usize>,
}

fn variants() -> impl Strategy<Value = Variant> {
    let orders = vec![NormOrder::Pre, NormOrder::Post, NormOrder::Sandwich];
    let biases = vec![
        None,
        Some(PositionBiasKind::Alibi),
        Some(PositionBiasKind::Relative { n_buckets: 4, max_distance: 6 }),
    ];
    (
        prop::sample::select(orders),
        prop::sample::select(vec![NormKind::Layer, NormKind::Rms]),
        any::<[bool; 2]>(),
        prop::sample::select(biases),
        prop::option::of(2..4_usize),
    )
        .prop_map(|(order, norm, [gated, rotary], position_bias, window)| Variant {
            order,
            norm,
            gated,
            rotary,
            position_bias,
            window,
        })
}

/// At least eight features: with two, the norm reduces them to their signs, and the gradient is zero.
pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    (variants(), 2..4_usize, 3..7_usize, 2..4_usize, 2..4_usize, 1..4_usize).prop_map(
        |(variant, batch, seq, n_heads, half_head, n_layers)| Shape {
            variant,
            batch,
            seq,
            n_heads,
            d_head: 2 * half_head,
            n_layers,
        },
    )
}

impl Shape {
    /// Layers with a smooth activation, so that finite differences apply.
    pub(crate) fn config(self) -> LayerConfig {
        let Variant { order, norm, gated, rotary, position_bias, window } = self.variant;
        let mut attention = MultiHeadAttentionConfig::new(self.d_model(), self.n_heads);
        if rotary {
            attention = attention.with_rotary(RotaryConfig::new(self.d_head));
        }
        let feed_forward = FeedForwardConfig::new(self.d_model(), 2 * self.d_model() + 1)
            .with_gated(gated)
            .with_activation(Activation::Gelu);
        let mut config = LayerConfig::new(self.d_model(), self.n_heads, 1)
            .with_attention(attention)
            .with_feed_forward(feed_forward)
            .with_norm(norm)
            .with_norm_order(order);
        if let Some(position_bias) = position_bias {
            config = config.with_position_bias(position_bias);
        }
        match window {
            Some(window) => config.with_window(window),
            None => config,
        }
    }

    /// The same layers without position information.
    pub(crate) fn without_positions(self) -> Self {
        let variant = Variant { rotary: false, position_bias: None, window: None, ..self.variant };
        Self { variant, ..self }
    }

    /// The same layers with a relative position bias.
    pub(crate) fn with_relative_bias(self) -> Self {
        let bias = PositionBiasKind::Relative { n_buckets: 4, max_distance: 6 };
        Self { variant: Variant { position_bias: Some(bias), ..self.variant }, ..self }
    }

    pub(crate) fn window(self) -> Option<usize> {
        self.variant.window
    }

    pub(crate) fn d_model(self) -> usize {
        self.n_heads * self.d_head
    }

    /// An encoder with non-trivial biases and norms.
    pub(crate) fn encoder(self) -> Encoder {
        self.encoder_of(self.config())
    }

    pub(crate) fn encoder_of(self, config: LayerConfig) -> Encoder {
        self.encoder_with(config, &Device::flex())
    }

    pub(crate) fn encoder_with(self, config: LayerConfig, device: &Device) -> Encoder {
        with_noise(config.init_encoder(self.n_layers, device), 1)
    }

    /// A decoder with non-trivial biases and norms.
    pub(crate) fn decoder(self) -> Decoder {
        self.decoder_of(self.config())
    }

    pub(crate) fn decoder_of(self, config: LayerConfig) -> Decoder {
        self.decoder_with(config, &Device::flex())
    }

    pub(crate) fn decoder_with(self, config: LayerConfig, device: &Device) -> Decoder {
        with_noise(config.init_decoder(self.n_layers, device), 2)
    }

    /// Layers with autodiff.
    pub(crate) fn trained_encoder(self) -> Encoder {
        self.config().init_encoder(self.n_layers, &Device::flex().autodiff())
    }

    /// Layers with autodiff.
    pub(crate) fn trained_decoder(self) -> Decoder {
        self.config().init_decoder(self.n_layers, &Device::flex().autodiff())
    }

    pub(crate) fn x(self) -> Tensor<3> {
        random([self.batch, self.seq, self.d_model()], 3, &Device::flex()) * 2.0
    }

    /// An encoder's output, two positions longer than `x`.
    pub(crate) fn memory(self) -> Tensor<3> {
        random([self.batch, self.seq + 2, self.d_model()], 4, &Device::flex())
    }

    /// Lengths, at least one of which is shorter than `len`.
    pub(crate) fn lengths(self, len: usize) -> Vec<usize> {
        (0..self.batch).map(|row| (len - 1).saturating_sub(row).max(1)).collect()
    }

    /// The mask of `memory`.
    pub(crate) fn memory_mask(self) -> AttentionMask {
        let len = self.seq + 2;
        AttentionMask::key_lengths(&self.lengths(len), len, &Device::flex())
    }
}

/// The module with noise added to its vectors: biases and norms are initialized to zeros and ones, which would hide a bias
/// added twice or an omitted scale. Matrices are unchanged.
pub(crate) fn with_noise<M: Module>(module: M, seed: u64) -> M {
    let mut parameter = seed << 32;
    map_parameters(module, |_, data| {
        parameter += 1;
        if data.shape().num_dims() > 1 {
            return data;
        }
        let noise = random([data.num_elements()], parameter, &Device::flex()) * 0.2;
        let noise = noise.into_data();
        let values = data.iter::<f32>().zip(noise.iter::<f32>()).map(|(a, b)| a + b);
        TensorData::new(values.collect::<Vec<_>>(), data.shape().clone())
    })
}

/// Every dropout with probability 1/3.
pub(crate) fn with_dropout(config: LayerConfig) -> LayerConfig {
    config.with_dropout(0.3).with_attention_dropout(0.3).with_activation_dropout(0.3)
}

pub(crate) fn training(seed: u64) -> Mode {
    Mode::Train(RandomKey::new(seed))
}

/// A scalar that depends on every output differently.
pub(crate) fn loss(y: Tensor<3>) -> Tensor<1> {
    let weights = random(y.dims(), 5, &y.device());
    (y * weights).sum()
}
