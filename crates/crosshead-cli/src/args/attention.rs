//! The arguments of `crosshead attention`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use crosshead::models::AttentionKind;

use super::{ModelArgs, Precision, Search};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead attention --model runs/translate-en-de \"The end time is not valid.\"
  crosshead attention --model runs/translate-en-de \"The end time is not valid.\" \"Die Endzeit ist nicht gültig.\" --words
  crosshead attention --model runs/translate-en-de --layer all --head all -o attention.svg \"Detection distance\"
  crosshead attention --model bert-base-uncased --layer 3 --head 5 \"The cat sat on the mat.\"
  crosshead attention --model gpt2 --json \"The cat sat on the mat.\"

Rows attend to columns: the darker a cell, the larger the weight. In a translation, a row is the step that writes this token, so \
the row shows what was read in order to write it. An SVG file shows the weight of a cell under the pointer; --json and JSON \
files have all digits.")]
pub(crate) struct Attention {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// The text
    pub(crate) source: String,
    /// Its translation, or the second text of a pair [default: the model's translation; no second text]
    pub(crate) target: Option<String>,
    /// Which attention to show [default: cross in an encoder-decoder, or the only one of the model]
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<KindName>,
    /// The layer: a number from 1, last, or all
    #[arg(long, value_name = "LAYER", default_value = "last")]
    pub(crate) layer: LayerChoice,
    /// The head: a number from 1, mean, or all
    #[arg(long, value_name = "HEAD", default_value = "mean")]
    pub(crate) head: HeadChoice,
    /// Show words instead of tokens: weights to the tokens of a word are added, weights from them averaged
    #[arg(long)]
    pub(crate) words: bool,
    /// Write a file instead: .svg or .json
    #[arg(short, long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) search: Search,
}

/// A kind of attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindName {
    /// Self-attention of the encoder
    Encoder,
    /// Self-attention of the decoder
    Decoder,
    /// From the decoder to the encoder
    Cross,
}

impl From<KindName> for AttentionKind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Encoder => Self::Encoder,
            KindName::Decoder => Self::Decoder,
            KindName::Cross => Self::Cross,
        }
    }
}

/// The layers to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayerChoice {
    Last,
    All,
    /// Counted from 1.
    Number(NonZeroUsize),
}

/// The heads to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadChoice {
    Mean,
    All,
    /// Counted from 1.
    Number(NonZeroUsize),
}

impl FromStr for LayerChoice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text {
            "last" => Ok(Self::Last),
            "all" => Ok(Self::All),
            number => match number.parse() {
                Ok(number) => Ok(Self::Number(number)),
                Err(_) => anyhow::bail!("expected a number from 1, last, or all"),
            },
        }
    }
}

impl FromStr for HeadChoice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text {
            "mean" => Ok(Self::Mean),
            "all" => Ok(Self::All),
            number => match number.parse() {
                Ok(number) => Ok(Self::Number(number)),
                Err(_) => anyhow::bail!("expected a number from 1, mean, or all"),
            },
        }
    }
}
