//! The command line.

mod embed;
mod tasks;

use std::path::PathBuf;

pub(crate) use embed::{Embed, Similar};

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use tasks::{Classify, Evaluate, FillMask, Generate, Search, Write};
use tasks::{SUMMARIZE_EXAMPLES, TRANSLATE_EXAMPLES};

/// A Transformer toolkit: train, use and evaluate models of text, on a CPU or a GPU.
#[derive(Parser)]
#[command(
    name = "crosshead",
    version,
    about,
    propagate_version = true,
    after_help = "Examples:
  crosshead train translate-en-de
  crosshead translate --model runs/translate-en-de \"The end time is not valid.\"
  cat lines.txt | crosshead translate --model runs/translate-en-de -
  crosshead train sentiment --init DIR
  crosshead classify --model runs/sentiment \"A fine film.\"
  crosshead generate --model runs/language-model \"Call me\"
  crosshead evaluate --model runs/translate-en-de --data test.tsv --json
  crosshead embed --model all-MiniLM-L6-v2 \"A fine film.\"
  crosshead recipes
  crosshead inspect vaswani2017-base"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) compute: Compute,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the arithmetic runs.
#[derive(clap::Args)]
pub(crate) struct Compute {
    /// The backend to compute on; ndarray and wgpu must be compiled in
    #[arg(
        long,
        global = true,
        env = "CROSSHEAD_DEVICE",
        default_value = "flex",
        value_name = "DEVICE"
    )]
    pub(crate) device: DeviceName,
    /// CPU threads; by default one for each core
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// A backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeviceName {
    /// The CPU, with fused operations
    Flex,
    /// The CPU, burn's ndarray backend
    Ndarray,
    /// A GPU, through Vulkan, Metal or DirectX
    Wgpu,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Train a model by a recipe
    Train(Train),
    /// Translate sentences
    #[command(after_help = TRANSLATE_EXAMPLES)]
    Translate(Write),
    /// Summarize documents
    #[command(after_help = SUMMARIZE_EXAMPLES)]
    Summarize(Write),
    /// Give texts their labels
    Classify(Classify),
    /// Go on with a text
    Generate(Generate),
    /// Guess hidden words
    FillMask(FillMask),
    /// Measure a model on a file with known answers
    Evaluate(Evaluate),
    /// Turn texts into vectors
    Embed(Embed),
    /// Find the sentences nearest to a query
    Similar(Similar),
    /// List the embedded recipes, or print one
    Recipes(Recipes),
    /// Show the parts of a model: shapes, parameters, memory and work
    Inspect(Inspect),
    /// Fetch a model from the Hugging Face Hub, and print its directory
    #[cfg(feature = "hub")]
    Fetch(Fetch),
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead train translate-en-de
  crosshead train translate-en-de --set train.steps=200 --out runs/short
  crosshead train my-recipe.toml --set data.train=pairs.tsv
  crosshead train translate-en-de --resume
  crosshead train sentiment-finetune --init all-MiniLM-L6-v2

A run writes runs/NAME: recipe.toml (every key), log.jsonl, checkpoints/ and model/, the best model. Ctrl-C saves a
checkpoint and stops; --resume goes on from it.")]
pub(crate) struct Train {
    /// An embedded recipe's name, or the path of a TOML file
    pub(crate) recipe: String,
    /// Put a value over the recipe's, as in train.steps=2000; can be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Start from a pretrained model, with its tokenizer: a model directory or a run directory
    #[arg(long, value_name = "DIR")]
    pub(crate) init: Option<PathBuf>,
    /// The run's directory; by default runs/ and the recipe's name
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on from the run's last checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead recipes
  crosshead recipes translate-en-de > my-recipe.toml")]
pub(crate) struct Recipes {
    /// The recipe to print
    pub(crate) name: Option<String>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead inspect
  crosshead inspect bert-base
  crosshead inspect runs/translate-en-de --json")]
pub(crate) struct Inspect {
    /// A preset's name, a run directory or a model directory; without it, the presets are listed
    pub(crate) model: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "hub")]
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead fetch sentence-transformers/all-MiniLM-L6-v2
  crosshead embed --model \"$(crosshead fetch sentence-transformers/all-MiniLM-L6-v2)\" \"Good morning.\"

The model goes into the cache of Hugging Face's own programs, under HF_HUB_CACHE or HF_HOME. What is there already is not
fetched again, and half a file is completed. HF_TOKEN opens private models, HF_ENDPOINT names another Hub, and with
HF_HUB_OFFLINE=1 the network stays untouched. HF_HUB_ETAG_TIMEOUT and HF_HUB_DOWNLOAD_TIMEOUT are the seconds to wait for a
server that says nothing (10).")]
pub(crate) struct Fetch {
    /// The model: OWNER/NAME
    #[arg(value_name = "OWNER/NAME")]
    pub(crate) id: String,
    /// A branch, tag or commit
    #[arg(long, value_name = "REVISION", default_value = "main")]
    pub(crate) revision: String,
}
