//! The command line.

mod about;
mod adapt;
mod attention;
mod average;
mod decoding;
mod embed;
mod model;
mod models;
mod parse;
mod precision;
mod rank;
mod score;
#[cfg(feature = "server")]
mod serve;
mod tasks;
mod train;
mod translate;

use std::path::PathBuf;

pub(crate) use about::{Completions, Env, Licenses, Man};
pub(crate) use adapt::{Finetune, Merge};
pub(crate) use attention::{Attention, HeadChoice, LayerChoice};
pub(crate) use average::Average;
pub(crate) use decoding::{Decoding, GlossaryArgs, Loops, Results};
pub(crate) use embed::{Embed, Similar};
pub(crate) use model::{ModelArgs, TextArgs};
#[cfg(feature = "hub")]
pub(crate) use models::Fetch;
pub(crate) use models::{Inspect, Models, ModelsAction, Remove, Run, Show};
pub(crate) use parse::{command, parse, parse_after, parse_words};
pub(crate) use precision::{Precision, Quantize};
pub(crate) use rank::Rank;
pub(crate) use score::{Format, MetricName, Score, SmoothName};
#[cfg(feature = "server")]
pub(crate) use serve::{LogForm, Logs, Serve};
pub(crate) use train::Train;

use clap::{Parser, Subcommand, ValueEnum};

use tasks::SUMMARIZE_EXAMPLES;
pub(crate) use tasks::{
    Classify, Evaluate, FillMask, Generate, Search, Texts, TokenClassify, Write,
};
pub(crate) use translate::{AlignmentForm, Files, SplitName, Translate};

/// Train, run and evaluate Transformer models for text, on a CPU or a GPU
#[derive(Parser)]
#[command(
    name = "crosshead",
    version,
    propagate_version = true,
    after_help = "Examples:
  crosshead translate \"The end time is not valid.\"
  crosshead classify \"A fine film.\"
  crosshead translate --model Helsinki-NLP/opus-mt-en-fr -i page.html -o page.fr.html
  crosshead run Qwen/Qwen2.5-0.5B-Instruct
  crosshead train translate-en-de
  cat lines.txt | crosshead translate --model runs/translate-en-de
  crosshead generate --model runs/language-model \"Call me\"
  crosshead evaluate --model runs/translate-en-de --data test.tsv --json
  crosshead score -r reference.txt translated.txt
  crosshead embed --model all-MiniLM-L6-v2 \"A fine film.\"
  crosshead attention --model runs/translate-en-de \"The end time is not valid.\"
  crosshead recipes
  crosshead inspect vaswani2017-base

Run crosshead COMMAND --help for the options and examples of a command. config.toml in ~/.config/crosshead ($XDG_CONFIG_HOME) sets \
defaults of options, as in

  threads = 4
  [translate]
  model = \"runs/translate-en-de\"
  beams = 1"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) compute: Compute,
    #[command(flatten)]
    pub(crate) messages: Messages,
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

/// What is printed besides the results.
#[derive(clap::Args)]
pub(crate) struct Messages {
    /// Only results and errors: no progress, notes and warnings
    #[arg(short, long, global = true, help_heading = "General", conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also tell which model is used
    #[arg(short, long, global = true, help_heading = "General")]
    pub(crate) verbose: bool,
    /// Ignore the configuration file
    #[arg(long, global = true, help_heading = "General")]
    pub(crate) no_config: bool,
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

impl DeviceName {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
        }
    }
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
    /// Show how the words of a text attend to each other, or to those of its translation
    Attention(Attention),
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
    /// Serve models over HTTP: a web page, and the APIs of other servers
    #[cfg(feature = "server")]
    Serve(Serve),
    /// Run a model for its task: translate, chat, classify, …
    Run(Run),
    /// List the models on this machine, show or remove one
    #[command(visible_alias = "list")]
    Models(Models),
    /// List the embedded recipes, print one, or explain recipe keys
    Recipes(Recipes),
    /// Show the modules of a model: shapes, parameters, memory and FLOPs
    Inspect(Inspect),
    /// Download a model from the Hugging Face Hub and print its directory
    #[cfg(feature = "hub")]
    #[command(visible_alias = "pull")]
    Fetch(Fetch),
    /// Print the licenses of the embedded data, models and Rust crates
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
