//! The arguments of `crosshead rank`.

use std::path::PathBuf;

use super::{ModelArgs, Precision};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead rank --model runs/translate-en-de pairs.tsv
  crosshead rank --model opus-mt-en-de --json pairs.tsv
  crosshead rank --model runs/language-model continuations.tsv
  crosshead rank --model runs/translate-en-de pairs.tsv | paste - pairs.tsv | sort -n

The output has one line per pair: the log-probability of the target given the source, the same per token, and the score, the \
log-probability divided by lengthᵅ, separated by tabs. The end token counts as a token. For a \
language model, a pair is a prompt and its continuation; the two are joined as they are, so a continuation usually begins with a \
space, and there is no end token. --json also prints the log-probability of each token.")]
pub(crate) struct Rank {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// The pairs: a source, a tab and a target in each line; for a language model, a prompt, a tab and its continuation
    #[arg(value_name = "FILE")]
    pub(crate) pairs: PathBuf,
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// α in the score log p / lengthᵅ [default: from the model]
    #[arg(long, value_name = "ALPHA")]
    pub(crate) length_penalty: Option<f32>,
    /// Print the K most probable tokens at each position
    #[arg(long, value_name = "K", requires = "json")]
    pub(crate) alternatives: Option<u16>,
    /// Target language, in the model's own code [default: from the model]
    #[arg(long, value_name = "CODE")]
    pub(crate) to: Option<String>,
    /// Source language, for models that take one [default: from the model, or English]
    #[arg(long, value_name = "CODE")]
    pub(crate) from: Option<String>,
    /// Text to prepend to each source [default: prefix in config.json]
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Pairs per batch
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
}
