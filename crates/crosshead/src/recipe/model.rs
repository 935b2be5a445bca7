//! The `[model]` section.

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_models::{
    CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, PositionKind, StackConfig,
    presets,
};
use crosshead_position::RotaryConfig;
use serde::{Deserialize, Serialize};

use super::Wrong;

/// The shape of a model of any kind, as a recipe names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 2 layers of 64 features (2+2 in an encoder-decoder): for trying things out.
    Tiny,
    /// 3 layers of 256 features (3+3 in an encoder-decoder): minutes on a CPU.
    #[default]
    Small,
    /// The base model of Vaswani et al. 2017, table 3: 6+6 layers of 512 features.
    #[serde(rename = "vaswani2017-base")]
    Vaswani2017Base,
    /// The big model of Vaswani et al. 2017, table 3: 6+6 layers of 1024 features.
    #[serde(rename = "vaswani2017-big")]
    Vaswani2017Big,
    /// BERT base (Devlin et al. 2019): 12 layers of 768 features.
    BertBase,
    /// GPT-2 small (Radford et al. 2019): 12 layers of 768 features.
    Gpt2,
}

/// The family of a decoder-only model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CausalFamily {
    /// Learned positions, layer norms, GELU (Radford et al. 2019).
    Gpt2,
    /// Rotary positions, root-mean-square norms, gated units, no biases (Touvron et al. 2023).
    Llama,
}

/// What kind of model a task has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    EncoderDecoder,
    Encoder,
    Causal,
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

/// The model's shape: a preset and what differs from it. Which keys have a meaning depends on the task's kind of model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSection {
    /// The shape that holds where a key is absent.
    pub preset: Option<Preset>,
    /// The family of a decoder-only model.
    pub family: Option<CausalFamily>,
    /// Features of a token's vector.
    pub d_model: Option<usize>,
    /// Features between the two products of a feed-forward sub-layer.
    pub d_ff: Option<usize>,
    /// Attention heads.
    pub n_heads: Option<usize>,
    /// Layers of an encoder or of a decoder-only model.
    pub n_layers: Option<usize>,
    /// Layers of an encoder-decoder's encoder.
    pub n_encoder_layers: Option<usize>,
    /// Layers of an encoder-decoder's decoder.
    pub n_decoder_layers: Option<usize>,
    /// The most positions the model promises to handle.
    pub max_len: Option<usize>,
    /// Where the norms of an encoder-decoder stand.
    pub norm_order: Option<NormOrderName>,
    /// The activation of the feed-forward sub-layers.
    pub activation: Option<ActivationName>,
    /// The probability of dropping an element of an embedding or a sub-layer's output.
    pub dropout: Option<f64>,
    /// The probability of dropping an attention weight.
    pub attention_dropout: Option<f64>,
    /// The probability of dropping an element inside a feed-forward sub-layer.
    pub activation_dropout: Option<f64>,
    /// The probability of dropping an element of the vector that a classification head reads.
    pub head_dropout: Option<f64>,
}

/// Keys that only some kinds of model have.
const KEYS_OF_KINDS: [(&str, &[Kind]); 7] = [
    ("family", &[Kind::Causal]),
    ("n_layers", &[Kind::Encoder, Kind::Causal]),
    ("n_encoder_layers", &[Kind::EncoderDecoder]),
    ("n_decoder_layers", &[Kind::EncoderDecoder]),
    ("norm_order", &[Kind::EncoderDecoder]),
    ("activation_dropout", &[Kind::EncoderDecoder]),
    ("head_dropout", &[Kind::Encoder]),
];

impl ModelSection {
    /// Checks that the keys have a meaning, and fills in the preset; a pretrained model has its shape and leaves nothing
    /// to say.
    pub(super) fn resolve(&mut self, kind: Kind, init: bool) -> Result<(), Wrong> {
        let given = toml::Table::try_from(&*self).unwrap_or_default();
        let wrong = |key: &str, reason: &str| Err((format!("model.{key}"), reason.to_owned()));
        if let Some(key) = given.keys().next().filter(|_| init) {
            return wrong(key, "init brings the model's shape; leave this key out");
        }
        if let Some((key, _)) = KEYS_OF_KINDS
            .iter()
            .find(|(key, kinds)| given.contains_key(*key) && !kinds.contains(&kind))
        {
            return wrong(key, kind.other_keys());
        }
        if init {
            return Ok(());
        }
        if !kind.presets().contains(self.preset.get_or_insert_default()) {
            return wrong("preset", kind.preset_names());
        }
        match kind {
            Kind::EncoderDecoder => self.encoder_decoder(LARGE_VOCABULARY).check(),
            Kind::Encoder => self.encoder(LARGE_VOCABULARY, 0).check(),
            Kind::Causal => self.causal(LARGE_VOCABULARY, 1).check(),
        }
        .map_err(|(key, reason)| (format!("model.{key}"), reason))
    }

    /// An encoder-decoder over a vocabulary.
    pub fn encoder_decoder(&self, vocab_size: usize) -> EncoderDecoderConfig {
        let base = EncoderDecoderConfig::new(vocab_size);
        let base = match self.preset.unwrap_or_default() {
            Preset::Tiny => pre_norm(base, 64, 128, 2),
            Preset::Small => pre_norm(base, 256, 1024, 3),
            Preset::Vaswani2017Big => EncoderDecoderConfig {
                stack: StackConfig {
                    d_model: 1024,
                    d_ff: 4096,
                    n_heads: 16,
                    dropout: 0.3,
                    ..base.stack
                },
                ..base
            },
            _ => base,
        };
        EncoderDecoderConfig {
            n_encoder_layers: self.n_encoder_layers.unwrap_or(base.n_encoder_layers),
            n_decoder_layers: self.n_decoder_layers.unwrap_or(base.n_decoder_layers),
            stack: self.stack(base.stack),
            ..base
        }
    }

    /// An encoder of BERT's shape over a vocabulary.
    pub fn encoder(&self, vocab_size: usize, pad_id: u32) -> EncoderConfig {
        let Some(presets::ModelConfig::MaskedLm(base)) = presets::find("bert-base") else {
            unreachable!("bert-base is an encoder")
        };
        let (n_layers, stack) = match self.preset.unwrap_or_default() {
            Preset::Tiny => (2, StackConfig { d_model: 64, d_ff: 128, n_heads: 4, ..base.stack }),
            Preset::Small => {
                (3, StackConfig { d_model: 256, d_ff: 1024, n_heads: 4, ..base.stack })
            }
            _ => (base.n_layers, base.stack),
        };
        EncoderConfig {
            vocab_size,
            stack: self.stack(stack),
            n_layers: self.n_layers.unwrap_or(n_layers),
            pad_id,
            ..base
        }
    }

    /// A decoder-only model over a vocabulary, reading `context` tokens at once where `max_len` is absent.
    pub fn causal(&self, vocab_size: usize, context: usize) -> CausalLmConfig {
        let Some(presets::ModelConfig::CausalLm(base)) = presets::find("gpt2") else {
            unreachable!("gpt2 is a causal language model")
        };
        let (n_layers, stack) = match self.preset.unwrap_or_default() {
            Preset::Tiny => (2, StackConfig { d_model: 64, d_ff: 256, n_heads: 4, ..base.stack }),
            Preset::Small => {
                (4, StackConfig { d_model: 256, d_ff: 1024, n_heads: 4, ..base.stack })
            }
            _ => (base.n_layers, base.stack),
        };
        let mut stack = self.stack(StackConfig { max_len: context, ..stack });
        if self.family == Some(CausalFamily::Llama) {
            stack = llama(stack, self.activation.is_some());
        }
        CausalLmConfig {
            vocab_size,
            stack,
            n_layers: self.n_layers.unwrap_or(n_layers),
            bos_id: None,
            eos_id: None,
            ..base
        }
    }

    /// The head of a classifier over `n_classes` classes.
    pub fn classifier_head(&self, n_classes: usize) -> ClassifierHead {
        let head = ClassifierHead::new(n_classes);
        ClassifierHead {
            dropout: self.head_dropout.map_or(head.dropout, |value| value as f32),
            ..head
        }
    }

    /// The layers of a preset with what differs from them.
    fn stack(&self, base: StackConfig) -> StackConfig {
        let probability =
            |value: Option<f64>, default: f32| value.map_or(default, |value| value as f32);
        StackConfig {
            d_model: self.d_model.unwrap_or(base.d_model),
            d_ff: self.d_ff.unwrap_or(base.d_ff),
            n_heads: self.n_heads.unwrap_or(base.n_heads),
            max_len: self.max_len.unwrap_or(base.max_len),
            norm_order: self.norm_order.map_or(base.norm_order, NormOrder::from),
            activation: self.activation.map_or(base.activation, Activation::from),
            dropout: probability(self.dropout, base.dropout),
            attention_dropout: probability(self.attention_dropout, base.attention_dropout),
            activation_dropout: probability(self.activation_dropout, base.activation_dropout),
            ..base
        }
    }
}

/// The size by which shapes are checked before the tokenizer is known.
const LARGE_VOCABULARY: usize = 6000;

/// A small encoder-decoder with the norms before the sub-layers.
fn pre_norm(
    base: EncoderDecoderConfig,
    d_model: usize,
    d_ff: usize,
    n_layers: usize,
) -> EncoderDecoderConfig {
    let stack = StackConfig { d_model, d_ff, n_heads: 4, norm_order: NormOrder::Pre, ..base.stack };
    EncoderDecoderConfig { stack, n_encoder_layers: n_layers, n_decoder_layers: n_layers, ..base }
}

/// The same sizes in Llama's layers.
fn llama(stack: StackConfig, keep_activation: bool) -> StackConfig {
    StackConfig {
        qkv_bias: false,
        attention_out_bias: false,
        positions: PositionKind::Rotary(RotaryConfig::new(stack.d_head())),
        norm: NormKind::Rms,
        activation: if keep_activation { stack.activation } else { Activation::Silu },
        gated: true,
        feed_forward_bias: false,
        ..stack
    }
}

impl Kind {
    fn presets(self) -> &'static [Preset] {
        match self {
            Self::EncoderDecoder => {
                &[Preset::Tiny, Preset::Small, Preset::Vaswani2017Base, Preset::Vaswani2017Big]
            }
            Self::Encoder => &[Preset::Tiny, Preset::Small, Preset::BertBase],
            Self::Causal => &[Preset::Tiny, Preset::Small, Preset::Gpt2],
        }
    }

    fn preset_names(self) -> &'static str {
        match self {
            Self::EncoderDecoder => {
                "an encoder-decoder is tiny, small, vaswani2017-base or vaswani2017-big"
            }
            Self::Encoder => "an encoder is tiny, small or bert-base",
            Self::Causal => "a decoder-only model is tiny, small or gpt2",
        }
    }

    fn other_keys(self) -> &'static str {
        match self {
            Self::EncoderDecoder => {
                "an encoder-decoder has n_encoder_layers and n_decoder_layers, and no such key"
            }
            Self::Encoder => "an encoder of BERT's shape has no such key; its layers are n_layers",
            Self::Causal => "a decoder-only model has no such key; its layers are n_layers",
        }
    }
}

impl From<NormOrderName> for NormOrder {
    fn from(name: NormOrderName) -> Self {
        match name {
            NormOrderName::Pre => Self::Pre,
            NormOrderName::Post => Self::Post,
        }
    }
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Relu => Self::Relu,
            ActivationName::Gelu => Self::Gelu,
            ActivationName::GeluTanh => Self::GeluTanh,
            ActivationName::Silu => Self::Silu,
        }
    }
}
