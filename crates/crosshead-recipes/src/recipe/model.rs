//! The `[model]` section.

use std::fmt;

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_models::{
    CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, InvalidField, ModelConfig,
    PositionKind, StackConfig, presets,
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
    pub norm_order: Option<NormOrder>,
    /// The activation of the feed-forward sub-layers.
    pub activation: Option<Activation>,
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
        if self.preset.get_or_insert_default().name(kind).is_none() {
            return wrong("preset", &kind.presets());
        }
        if self.activation == Some(Activation::Identity) {
            return wrong(
                "activation",
                "a feed-forward sub-layer needs one that is not the identity",
            );
        }
        match kind {
            Kind::EncoderDecoder => self.encoder_decoder(LARGE_VOCABULARY).check(),
            Kind::Encoder => self.encoder(LARGE_VOCABULARY, 0).check(),
            Kind::Causal => self.causal(LARGE_VOCABULARY, 1).check(),
        }
        .map_err(|InvalidField { key, reason }| (format!("model.{key}"), reason))
    }

    /// The configuration of the preset.
    fn base(&self, kind: Kind) -> ModelConfig {
        self.preset
            .unwrap_or_default()
            .name(kind)
            .and_then(presets::find)
            .unwrap_or_else(|| unreachable!("a recipe's preset is one of its kind of model"))
            .config()
    }

    /// An encoder-decoder over a vocabulary.
    pub fn encoder_decoder(&self, vocab_size: usize) -> EncoderDecoderConfig {
        let ModelConfig::EncoderDecoder(base) = self.base(Kind::EncoderDecoder) else {
            unreachable!("the preset is an encoder-decoder")
        };
        EncoderDecoderConfig {
            n_encoder_layers: self.n_encoder_layers.unwrap_or(base.n_encoder_layers),
            n_decoder_layers: self.n_decoder_layers.unwrap_or(base.n_decoder_layers),
            stack: self.stack(base.stack),
            ..EncoderDecoderConfig::new(vocab_size)
        }
    }

    /// An encoder of BERT's shape over a vocabulary.
    pub fn encoder(&self, vocab_size: usize, pad_id: u32) -> EncoderConfig {
        let ModelConfig::MaskedLm(base) = self.base(Kind::Encoder) else {
            unreachable!("the preset is an encoder")
        };
        EncoderConfig {
            vocab_size,
            stack: self.stack(base.stack),
            n_layers: self.n_layers.unwrap_or(base.n_layers),
            pad_id,
            ..base
        }
    }

    /// A decoder-only model over a vocabulary, reading `context` tokens at once where `max_len` is absent.
    pub fn causal(&self, vocab_size: usize, context: usize) -> CausalLmConfig {
        let ModelConfig::CausalLm(base) = self.base(Kind::Causal) else {
            unreachable!("the preset is a causal language model")
        };
        let mut stack = self.stack(StackConfig { max_len: context, ..base.stack });
        if self.family == Some(CausalFamily::Llama) {
            stack = llama(stack, self.activation.is_some());
        }
        CausalLmConfig {
            vocab_size,
            stack,
            n_layers: self.n_layers.unwrap_or(base.n_layers),
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
            norm_order: self.norm_order.unwrap_or(base.norm_order),
            activation: self.activation.unwrap_or(base.activation),
            dropout: probability(self.dropout, base.dropout),
            attention_dropout: probability(self.attention_dropout, base.attention_dropout),
            activation_dropout: probability(self.activation_dropout, base.activation_dropout),
            ..base
        }
    }
}

/// The size by which shapes are checked before the tokenizer is known.
const LARGE_VOCABULARY: usize = 6000;

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

impl Preset {
    /// All presets.
    const ALL: [Self; 6] = [
        Self::Tiny,
        Self::Small,
        Self::Vaswani2017Base,
        Self::Vaswani2017Big,
        Self::BertBase,
        Self::Gpt2,
    ];

    /// Its name among the presets of crosshead-models; none where a kind of model does not have it.
    fn name(self, kind: Kind) -> Option<&'static str> {
        match (self, kind) {
            (Self::Tiny, Kind::EncoderDecoder) => Some("tiny-encoder-decoder"),
            (Self::Tiny, Kind::Encoder) => Some("tiny-encoder"),
            (Self::Tiny, Kind::Causal) => Some("tiny-causal"),
            (Self::Small, Kind::EncoderDecoder) => Some("small-encoder-decoder"),
            (Self::Small, Kind::Encoder) => Some("small-encoder"),
            (Self::Small, Kind::Causal) => Some("small-causal"),
            (Self::Vaswani2017Base, Kind::EncoderDecoder) => Some("vaswani2017-base"),
            (Self::Vaswani2017Big, Kind::EncoderDecoder) => Some("vaswani2017-big"),
            (Self::BertBase, Kind::Encoder) => Some("bert-base"),
            (Self::Gpt2, Kind::Causal) => Some("gpt2"),
            (Self::Vaswani2017Base | Self::Vaswani2017Big, Kind::Encoder | Kind::Causal)
            | (Self::BertBase, Kind::EncoderDecoder | Kind::Causal)
            | (Self::Gpt2, Kind::EncoderDecoder | Kind::Encoder) => None,
        }
    }
}

/// As a recipe spells it.
impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Vaswani2017Base => "vaswani2017-base",
            Self::Vaswani2017Big => "vaswani2017-big",
            Self::BertBase => "bert-base",
            Self::Gpt2 => "gpt2",
        })
    }
}

impl Kind {
    /// The presets that a kind of model has, as a sentence.
    fn presets(self) -> String {
        let names: Vec<String> = Preset::ALL
            .iter()
            .filter(|preset| preset.name(self).is_some())
            .map(ToString::to_string)
            .collect();
        format!("{} is one of {}", self.noun(), names.join(", "))
    }

    fn noun(self) -> &'static str {
        match self {
            Self::EncoderDecoder => "an encoder-decoder",
            Self::Encoder => "an encoder",
            Self::Causal => "a decoder-only model",
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
