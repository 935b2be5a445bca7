//! Model shapes by name.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A model shape by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 2 layers, d_model 64 (encoder-decoder: 2+2, pre-norm); for tests.
    Tiny,
    /// d_model 256: encoder-decoder with 3+3 layers, pre-norm; encoder with 3 layers; decoder-only with 4 layers. Trains in
    /// minutes on a CPU.
    #[default]
    Small,
    /// Encoder-decoder: the base model of Vaswani et al. 2017, table 3, with 6+6 layers, d_model 512, post-norm.
    #[serde(rename = "vaswani2017-base")]
    Vaswani2017Base,
    /// Encoder-decoder: the big model of Vaswani et al. 2017, table 3, with 6+6 layers, d_model 1024, post-norm, dropout 0.3.
    #[serde(rename = "vaswani2017-big")]
    Vaswani2017Big,
    /// Encoder: BERT base (Devlin et al. 2019), with 12 layers, d_model 768.
    BertBase,
    /// Decoder-only: GPT-2 small (Radford et al. 2019), with 12 layers, d_model 768.
    Gpt2,
}

/// The kind of model that a task trains.
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

    /// Its name in the presets of crosshead-models; `None` if it does not exist for this kind of model.
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

/// Its name in recipes.
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
    /// A sentence that lists the presets for a kind of model.
    pub(super) fn presets(self) -> String {
        let names: Vec<String> = Preset::ALL
            .iter()
            .filter(|preset| preset.name(self).is_some())
            .map(ToString::to_string)
            .collect();
        format!("the presets of {} are {}", self.noun(), names.join(", "))
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
                "not a key of an encoder-decoder; use n_encoder_layers and n_decoder_layers"
            }
            Self::Encoder => "not a key of an encoder; use n_layers",
            Self::Causal => "not a key of a decoder-only model; use n_layers",
        }
    }
}
