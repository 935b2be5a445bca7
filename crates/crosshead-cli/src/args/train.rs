//! The arguments of `crosshead train`.

use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead train translate-en-de
  crosshead train translate-en-de --set train.steps=200 --out runs/short
  crosshead train my-recipe.toml --set data.train=pairs.tsv
  crosshead train translate-en-de --resume
  crosshead train --data pairs.tsv --from en --to de
  crosshead train sentiment-finetune --init all-MiniLM-L6-v2

The run directory holds recipe.toml (with all keys), tokenizer/, log.jsonl, events.out.tfevents (for TensorBoard), checkpoints/ \
and model/, the best model; a finished run also has curves.svg. Ctrl-C saves a checkpoint and stops; --resume continues from it.")]
pub(crate) struct Train {
    /// The name of an embedded recipe, or the path to a TOML file
    #[arg(required_unless_present = "data")]
    pub(crate) recipe: Option<String>,
    /// Train a translation model on a table of pairs (.tsv, .jsonl), without a recipe; a part is held out for validation and the
    /// test
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipe", "init"], requires_all = ["from", "to"])]
    pub(crate) data: Option<PathBuf>,
    /// With --data: the language of the sources, which may be the name of a column
    #[arg(long, value_name = "CODE", requires = "data")]
    pub(crate) from: Option<String>,
    /// With --data: the language of the targets, which may be the name of a column
    #[arg(long, value_name = "CODE", requires = "data")]
    pub(crate) to: Option<String>,
    /// Override a recipe value, as in train.steps=2000; can be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Start from a pretrained model and its tokenizer: a directory, a run, or owner/name on the Hugging Face Hub
    #[arg(long, value_name = "MODEL")]
    pub(crate) init: Option<PathBuf>,
    /// The run directory [default: runs/NAME, with --data runs/FROM-TO]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Resume the run from its last checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
