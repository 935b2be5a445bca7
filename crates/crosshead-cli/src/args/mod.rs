//! The command line.

mod about;
mod adapt;
mod average;
mod decoding;
mod embed;
mod precision;
mod rank;
mod score;
mod tasks;
mod translate;

use std::path::PathBuf;

pub(crate) use about::{Completions, Env, Licenses, Man};
pub(crate) use adapt::{Finetune, Merge};
pub(crate) use average::Average;
pub(crate) use decoding::{Decoding, GlossaryArgs, Loops, Results};
pub(crate) use embed::{Embed, Similar};
pub(crate) use precision::{Precision, Quantize};
pub(crate) use rank::Rank;
pub(crate) use score::{Format, MetricName, Score, SmoothName};

use clap::{Parser, Subcommand, ValueEnum};

use tasks::SUMMARIZE_EXAMPLES;
pub(crate) use tasks::{Classify, Evaluate, FillMask, Generate, Search, TokenClassify, Write};
pub(crate) use translate::{Files, SplitName, Translate};

/// Train, run and evaluate Transformer models for text, on a CPU or a GPU
#[derive(Parser)]
#[command(
    name = "crosshead",
    version,
    propagate_version = true,
    after_help = "Examples:
  crosshead train translate-en-de
  crosshead translate --model runs/translate-en-de \"The end time is not valid.\"
  cat lines.txt | crosshead translate --model runs/translate-en-de -
  crosshead train sentiment --init DIR
  crosshead classify --model runs/sentiment \"A fine film.\"
  crosshead generate --model runs/language-model \"Call me\"
  crosshead evaluate --model runs/translate-en-de --data test.tsv --json
  crosshead score -r reference.txt translated.txt
  crosshead embed --model all-MiniLM-L6-v2 \"A fine film.\"
  crosshead recipes
  crosshead inspect vaswani2017-base

Run crosshead COMMAND --help for the options and examples of a command."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) compute: Compute,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Device and threads.
#[derive(clap::Args)]
pub(crate) struct Compute {
    /// The device to compute on; ndarray and wgpu are opt-in features of the build
    #[arg(
        long,
        global = true,
        help_heading = "Compute",
        env = "CROSSHEAD_DEVICE",
        default_value = "flex",
        value_name = "DEVICE"
    )]
    pub(crate) device: DeviceName,
    /// Number of CPU threads [default: one per core]
    #[arg(long, global = true, help_heading = "Compute", value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// A device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeviceName {
    /// CPU, with fused operations
    Flex,
    /// CPU, with burn's ndarray backend
    Ndarray,
    /// GPU, through Vulkan, Metal or DirectX
    Wgpu,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Train a model from a recipe
    Train(Train),
    /// Tune a pretrained model to data
    Finetune(Finetune),
    /// Translate texts and documents
    Translate(Translate),
    /// Summarize documents
    #[command(after_help = SUMMARIZE_EXAMPLES)]
    Summarize(Write),
    /// Classify texts
    Classify(Classify),
    /// Find entities in texts, such as names, with a token classifier
    TokenClassify(TokenClassify),
    /// Continue a prompt, or answer a chat message
    Generate(Generate),
    /// Fill in masked words
    FillMask(FillMask),
    /// Evaluate a model on a file
    Evaluate(Evaluate),
    /// Score texts against references: BLEU, chrF, TER, ROUGE, and whether systems differ
    Score(Score),
    /// Score given pairs of source and target with a model: log-probabilities
    Rank(Rank),
    /// Compute sentence embeddings
    Embed(Embed),
    /// Find the sentences most similar to a query
    Similar(Similar),
    /// Write a copy of a model with its adapter merged into the weights
    Merge(Merge),
    /// Write a smaller and faster copy of a model, in int8
    Quantize(Quantize),
    /// Average the weights of models or of checkpoints
    Average(Average),
    /// Draw the curves of runs: losses, validation metrics, learning rate
    Plot(Plot),
    /// List the embedded recipes, print one, or explain recipe keys
    Recipes(Recipes),
    /// Show the modules of a model: shapes, parameters, memory and FLOPs
    Inspect(Inspect),
    /// Download a model from the Hugging Face Hub and print its directory
    #[cfg(feature = "hub")]
    Fetch(Fetch),
    /// Print the licenses of the embedded data and of the Rust crates in the binary
    Licenses(Licenses),
    /// Describe the build and the machine, for bug reports
    Env(Env),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead train translate-en-de
  crosshead train translate-en-de --set train.steps=200 --out runs/short
  crosshead train my-recipe.toml --set data.train=pairs.tsv
  crosshead train translate-en-de --resume
  crosshead train sentiment-finetune --init all-MiniLM-L6-v2

The run directory holds recipe.toml (with all keys), tokenizer/, log.jsonl, events.out.tfevents (for TensorBoard), checkpoints/ \
and model/, the best model; a finished run also has curves.svg. Ctrl-C saves a checkpoint and stops; --resume continues from it.")]
pub(crate) struct Train {
    /// The name of an embedded recipe, or the path to a TOML file
    pub(crate) recipe: String,
    /// Override a recipe value, as in train.steps=2000; can be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Start from a pretrained model and its tokenizer: a model directory or a run directory
    #[arg(long, value_name = "DIR")]
    pub(crate) init: Option<PathBuf>,
    /// The run directory [default: runs/NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Resume the run from its last checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead plot runs/translate-en-de
  crosshead plot runs/small runs/large -o curves.svg

The curves of several runs are drawn over each other, each with the name of its directory. A run that is still in progress is \
drawn up to its last step. Each finished run also has its own curves.svg.")]
pub(crate) struct Plot {
    /// Run directories
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// The SVG file to write
    #[arg(short, long, value_name = "FILE", default_value = "curves.svg")]
    pub(crate) out: PathBuf,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead recipes
  crosshead recipes translate-en-de > my-recipe.toml
  crosshead recipes --reference
  crosshead recipes --reference train.schedule")]
pub(crate) struct Recipes {
    /// The recipe to print
    pub(crate) name: Option<String>,
    /// Explain recipe keys: all of them, those in a section, or a single one
    #[arg(
        long,
        value_name = "KEY",
        num_args = 0..=1,
        default_missing_value = "",
        conflicts_with = "name"
    )]
    pub(crate) reference: Option<String>,
    /// Print the complete reference as Markdown
    #[arg(long, requires = "reference")]
    pub(crate) markdown: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead inspect
  crosshead inspect bert-base
  crosshead inspect runs/translate-en-de --json")]
pub(crate) struct Inspect {
    /// A preset, a run directory or a model directory; if omitted, the presets are listed
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

The model is stored in the cache that huggingface_hub uses (HF_HUB_CACHE, or hub in HF_HOME). Files in the cache are not \
downloaded again, and interrupted downloads are resumed. HF_TOKEN gives access to private and gated models, HF_ENDPOINT \
selects a different Hub, and HF_HUB_OFFLINE=1 forbids network access. HF_HUB_ETAG_TIMEOUT and HF_HUB_DOWNLOAD_TIMEOUT set the \
request timeouts in seconds (default: 10).")]
pub(crate) struct Fetch {
    /// The model on the Hub
    #[arg(value_name = "OWNER/NAME")]
    pub(crate) id: String,
    /// Branch, tag or commit
    #[arg(long, value_name = "REVISION", default_value = "main")]
    pub(crate) revision: String,
}
