//! The shapes of models by name.

use std::fmt;

use serde::{Deserialize, Serialize};

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

/// What kind of model a task has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelKind {
    EncoderDecoder,
    Encoder,
    Causal,
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
    pub(super) fn name(self, kind: ModelKind) -> Option<&'static str> {
        match (self, kind) {
            (Self::Tiny, ModelKind::EncoderDecoder) => Some("tiny-encoder-decoder"),
            (Self::Tiny, ModelKind::Encoder) => Some("tiny-encoder"),
            (Self::Tiny, ModelKind::Causal) => Some("tiny-causal"),
            (Self::Small, ModelKind::EncoderDecoder) => Some("small-encoder-decoder"),
            (Self::Small, ModelKind::Encoder) => Some("small-encoder"),
            (Self::Small, ModelKind::Causal) => Some("small-causal"),
            (Self::Vaswani2017Base, ModelKind::EncoderDecoder) => Some("vaswani2017-base"),
            (Self::Vaswani2017Big, ModelKind::EncoderDecoder) => Some("vaswani2017-big"),
            (Self::BertBase, ModelKind::Encoder) => Some("bert-base"),
            (Self::Gpt2, ModelKind::Causal) => Some("gpt2"),
            (
                Self::Vaswani2017Base | Self::Vaswani2017Big,
                ModelKind::Encoder | ModelKind::Causal,
            )
            | (Self::BertBase, ModelKind::EncoderDecoder | ModelKind::Causal)
            | (Self::Gpt2, ModelKind::EncoderDecoder | ModelKind::Encoder) => None,
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

impl ModelKind {
    /// The presets that a kind of model has, as a sentence.
    pub(super) fn presets(self) -> String {
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

    pub(super) fn other_keys(self) -> &'static str {
        match self {
            Self::EncoderDecoder => {
                "an encoder-decoder has n_encoder_layers and n_decoder_layers, and no such key"
            }
            Self::Encoder => "an encoder of BERT's shape has no such key; its layers are n_layers",
            Self::Causal => "a decoder-only model has no such key; its layers are n_layers",
        }
    }
}
