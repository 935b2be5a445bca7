//! What `crosshead embed` and `crosshead similar` take.

use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead embed --model all-MiniLM-L6-v2 \"A fine film.\"
  cat lines.txt | crosshead embed --model all-MiniLM-L6-v2 - > vectors.jsonl
  cat lines.txt | crosshead embed --model all-MiniLM-L6-v2 - --out vectors.npy
  crosshead embed --model e5-small --prompt \"query: \" \"opening hours\"

Each text gives a line with a JSON object. A model with a default prompt reads it before each text, unless --prompt or --prompt-name says otherwise.")]
pub(crate) struct Embed {
    /// A directory of sentence-transformers, or of an encoder, whose vectors are averaged
    #[arg(long, value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// Write to a file instead: .jsonl, .npy (NumPy) or .safetensors, a row for each text
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// What the model reads before each text; "" for nothing
    #[arg(long, value_name = "TEXT", conflicts_with = "prompt_name")]
    pub(crate) prompt: Option<String>,
    /// The model's own prompt of this name, such as query or document
    #[arg(long, value_name = "NAME")]
    pub(crate) prompt_name: Option<String>,
    /// Texts computed together
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
    /// Texts, or - for lines from standard input, each answered when it comes unless --out is given
    #[arg(required = true)]
    pub(crate) texts: Vec<String>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead similar --model all-MiniLM-L6-v2 --corpus sentences.txt \"How do I reset my password?\"
  crosshead similar --model all-MiniLM-L6-v2 --corpus sentences.txt --top 3 --json \"opening hours\"

Each sentence found gives a line: score and text, with a tab between; tabs and line breaks within it become \
spaces. With --json they are kept. Sentences are compared as the model says: by the cosine of their vectors, or by similarity_fn_name of
config_sentence_transformers.json. The larger the score, the nearer.")]
pub(crate) struct Similar {
    /// A directory of sentence-transformers, or of an encoder, whose vectors are averaged
    #[arg(long, value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// A text file in UTF-8 with a sentence on each line; blank lines are passed over
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: PathBuf,
    /// Sentences to show, nearest first
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) top: u16,
    /// Print one JSON object a line: score, text
    #[arg(long)]
    pub(crate) json: bool,
    /// What the model reads before the query; by default its own prompt for queries
    #[arg(long, value_name = "TEXT")]
    pub(crate) query_prompt: Option<String>,
    /// What the model reads before each sentence; by default its own prompt for documents
    #[arg(long, value_name = "TEXT")]
    pub(crate) document_prompt: Option<String>,
    /// Sentences computed together
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
    /// The sentence to compare with
    pub(crate) query: String,
}
