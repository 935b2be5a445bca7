//! Arguments that several commands share: the model, texts and files.

use std::path::PathBuf;

/// A model, and an adapter of it.
#[derive(clap::Args)]
pub(crate) struct ModelArgs {
    /// The model: a directory, a run, a name that `crosshead models` lists, or owner/name on the Hugging Face Hub
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<PathBuf>,
    /// An adapter of the model: a PEFT directory (LoRA), or a run directory of one
    #[arg(long, value_name = "DIR")]
    pub(crate) adapter: Option<PathBuf>,
}

/// The texts, and where answers go.
#[derive(clap::Args)]
pub(crate) struct TextArgs {
    /// The texts [default: lines of standard input; on a terminal, a prompt]
    #[arg(value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
    /// Read the texts from the lines of a file; - is standard input
    #[arg(short = 'i', long, value_name = "FILE", conflicts_with = "texts")]
    pub(crate) file: Option<PathBuf>,
    /// Write to a file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
