//! The compute type of a model, and `crosshead quantize`.

use std::path::PathBuf;

use clap::ValueEnum;
use crosshead::ComputeType;

/// The compute type of a model.
#[derive(clap::Args)]
pub(crate) struct Precision {
    /// The type of the weights to compute with; int8 is smaller and faster, f32 more accurate
    #[arg(long, help_heading = "Compute", value_name = "TYPE", default_value = "auto")]
    pub(crate) compute_type: ComputeTypeName,
}

/// The type of the weights that a model computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ComputeTypeName {
    /// The type stored in the files
    Auto,
    /// 32-bit floating point
    F32,
    /// 8-bit integers; on --device flex only
    Int8,
}

impl From<ComputeTypeName> for ComputeType {
    fn from(name: ComputeTypeName) -> Self {
        match name {
            ComputeTypeName::Auto => Self::Auto,
            ComputeTypeName::F32 => Self::F32,
            ComputeTypeName::Int8 => Self::Int8,
        }
    }
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead quantize runs/translate-en-de translate-en-de-int8
  crosshead translate --model translate-en-de-int8 \"The end time is not valid.\"

Projections and the embedding are stored as signed bytes with one scale per row; norms, biases and positions are unchanged.
The copy is about a quarter of the original size and loads without conversion; only Crosshead can read it. The original is \
not changed.")]
pub(crate) struct Quantize {
    /// The model: a directory, a run, or owner/name on the Hugging Face Hub
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The new model directory
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
}
