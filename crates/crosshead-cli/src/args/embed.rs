//! The arguments of `crosshead embed` and `crosshead similar`.

use std::path::PathBuf;

use super::{ModelArgs, Precision};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead embed --model sentence-transformers/all-MiniLM-L6-v2 \"A fine film.\"
  cat lines.txt | crosshead embed --model all-MiniLM-L6-v2 > vectors.jsonl
  crosshead embed --model all-MiniLM-L6-v2 -i lines.txt -o vectors.npy
  crosshead embed --model e5-small --prompt \"query: \" \"opening hours\"

A model is a sentence-transformers model, or a plain encoder, whose token vectors are averaged. The output has one JSON object \
per line, one for each text. The model's default prompt, if any, is \
prepended to each text unless --prompt or --prompt-name is given.")]
pub(crate) struct Embed {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// Write to a file instead: .jsonl, .npy (NumPy) or .safetensors, with one row per text
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Text to prepend to each text; "" for none
    #[arg(long, value_name = "TEXT", conflicts_with = "prompt_name")]
    pub(crate) prompt: Option<String>,
    /// The name of one of the model's prompts, such as query or document
    #[arg(long, value_name = "NAME")]
    pub(crate) prompt_name: Option<String>,
    /// Texts per batch
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
    /// The texts [default: lines of standard input; on a terminal, a prompt]
    #[arg(value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
    /// Read the texts from the lines of a file; - is standard input
    #[arg(short = 'i', long, value_name = "FILE", conflicts_with = "texts")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead similar --model all-MiniLM-L6-v2 --corpus sentences.txt \"How do I reset my password?\"
  crosshead similar --model all-MiniLM-L6-v2 --corpus sentences.txt --top 3 --json \"opening hours\"

The output has one line per sentence found, the most similar first: score, tab, sentence. Tabs and line breaks in a sentence \
become spaces; --json keeps them. The score is the similarity named by similarity_fn_name in \
config_sentence_transformers.json, or else cosine similarity; higher means more similar.")]
pub(crate) struct Similar {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// A UTF-8 text file with one sentence per line; blank lines are skipped
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: PathBuf,
    /// Number of sentences to show
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) top: u16,
    /// Print one JSON object per line: score, text
    #[arg(long)]
    pub(crate) json: bool,
    /// Text to prepend to the query [default: the model's prompt for queries]
    #[arg(long, value_name = "TEXT")]
    pub(crate) query_prompt: Option<String>,
    /// Text to prepend to each sentence [default: the model's prompt for documents]
    #[arg(long, value_name = "TEXT")]
    pub(crate) document_prompt: Option<String>,
    /// Sentences per batch
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
    /// The query
    pub(crate) query: String,
}
