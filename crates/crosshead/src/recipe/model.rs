//! The `[model]` section.

use crosshead_blocks::NormOrder;
use crosshead_kernels::Activation;
use crosshead_models::{EncoderDecoderConfig, StackConfig};
use serde::{Deserialize, Serialize};

/// A named model shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 2+2 layers of 64 features: for trying things out.
    Tiny,
    /// 3+3 layers of 256 features: minutes on a CPU.
    #[default]
    Small,
    /// The base model of Vaswani et al. 2017, table 3: 6+6 layers of 512 features.
    #[serde(rename = "vaswani2017-base")]
    Vaswani2017Base,
    /// The big model of Vaswani et al. 2017, table 3: 6+6 layers of 1024 features.
    #[serde(rename = "vaswani2017-big")]
    Vaswani2017Big,
}

/// Where the norms stand, as a recipe spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormOrderName {
    /// Before each sub-layer.
    Pre,
    /// Behind each residual connection.
    Post,
}

/// An activation, as a recipe spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationName {
    /// max(0, x).
    Relu,
    /// x·Φ(x).
    Gelu,
    /// GELU in its tanh approximation.
    GeluTanh,
    /// x·σ(x).
    Silu,
}

/// The model's shape: a preset and what differs from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSection {
    /// The shape that holds where a key is absent.
    pub preset: Preset,
    /// Features of a token's vector.
    pub d_model: Option<usize>,
    /// Features between the two products of a feed-forward sub-layer.
    pub d_ff: Option<usize>,
    /// Attention heads.
    pub n_heads: Option<usize>,
    /// Layers of the encoder.
    pub n_encoder_layers: Option<usize>,
    /// Layers of the decoder.
    pub n_decoder_layers: Option<usize>,
    /// The most positions the model promises to handle.
    pub max_len: Option<usize>,
    /// Where the norms stand.
    pub norm_order: Option<NormOrderName>,
    /// The activation of the feed-forward sub-layers.
    pub activation: Option<ActivationName>,
    /// The probability of dropping an element of an embedding or a sub-layer's output.
    pub dropout: Option<f64>,
    /// The probability of dropping an attention weight.
    pub attention_dropout: Option<f64>,
    /// The probability of dropping an element inside a feed-forward sub-layer.
    pub activation_dropout: Option<f64>,
}

impl ModelSection {
    /// The model's configuration over a vocabulary.
    pub fn resolve(&self, vocab_size: usize) -> EncoderDecoderConfig {
        let base = self.preset.config(vocab_size);
        let probability =
            |value: Option<f64>, default: f32| value.map_or(default, |value| value as f32);
        let stack = StackConfig {
            d_model: self.d_model.unwrap_or(base.stack.d_model),
            d_ff: self.d_ff.unwrap_or(base.stack.d_ff),
            n_heads: self.n_heads.unwrap_or(base.stack.n_heads),
            max_len: self.max_len.unwrap_or(base.stack.max_len),
            norm_order: match self.norm_order {
                Some(NormOrderName::Pre) => NormOrder::Pre,
                Some(NormOrderName::Post) => NormOrder::Post,
                None => base.stack.norm_order,
            },
            activation: match self.activation {
                Some(ActivationName::Relu) => Activation::Relu,
                Some(ActivationName::Gelu) => Activation::Gelu,
                Some(ActivationName::GeluTanh) => Activation::GeluTanh,
                Some(ActivationName::Silu) => Activation::Silu,
                None => base.stack.activation,
            },
            dropout: probability(self.dropout, base.stack.dropout),
            attention_dropout: probability(self.attention_dropout, base.stack.attention_dropout),
            activation_dropout: probability(self.activation_dropout, base.stack.activation_dropout),
            ..base.stack
        };
        EncoderDecoderConfig {
            n_encoder_layers: self.n_encoder_layers.unwrap_or(base.n_encoder_layers),
            n_decoder_layers: self.n_decoder_layers.unwrap_or(base.n_decoder_layers),
            stack,
            ..base
        }
    }
}

impl Preset {
    fn config(self, vocab_size: usize) -> EncoderDecoderConfig {
        let base = EncoderDecoderConfig::new(vocab_size);
        let shape = |d_model, d_ff, n_heads, n_layers, norm_order, dropout| EncoderDecoderConfig {
            stack: StackConfig {
                d_model,
                d_ff,
                n_heads,
                norm_order,
                dropout,
                ..base.stack.clone()
            },
            n_encoder_layers: n_layers,
            n_decoder_layers: n_layers,
            ..base.clone()
        };
        match self {
            Self::Tiny => shape(64, 128, 4, 2, NormOrder::Pre, 0.1),
            Self::Small => shape(256, 1024, 4, 3, NormOrder::Pre, 0.1),
            Self::Vaswani2017Base => base,
            Self::Vaswani2017Big => shape(1024, 4096, 16, 6, NormOrder::Post, 0.3),
        }
    }
}
