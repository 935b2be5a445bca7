//! The arguments of `average`.

use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead average runs/seed-1 runs/seed-2 runs/seed-3 --out averaged
  crosshead average runs/translate-en-de/checkpoints/792 runs/translate-en-de/checkpoints/990 -o averaged

All models count equally. They must have the same configuration and weights of the same shapes. The files other than the weights \
are those of the first model.")]
pub(crate) struct Average {
    /// Models: directories, runs, checkpoints of a run, or owner/name on the Hugging Face Hub
    #[arg(value_name = "MODEL", required = true, num_args = 2..)]
    pub(crate) models: Vec<PathBuf>,
    /// The new model directory
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}
