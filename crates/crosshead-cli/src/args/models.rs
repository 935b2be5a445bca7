//! The arguments of the commands about models: `models`, `run`, `inspect` and `fetch`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Subcommand;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:
  crosshead models
  crosshead models show runs/translate-en-de
  crosshead models remove Helsinki-NLP/opus-mt-en-de

Models are built into the program, in runs/ of the current directory, and in the cache of the Hugging Face Hub. Every command \
takes their names with --model.",
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Models {
    #[command(subcommand)]
    pub(crate) action: Option<ModelsAction>,
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum ModelsAction {
    /// Show the size, family, task and path of a model
    Show(Show),
    /// Remove a model from the cache, or a run
    Remove(Remove),
}

#[derive(clap::Args)]
pub(crate) struct Show {
    /// A name that `crosshead models` lists, or a directory
    #[arg(value_name = "NAME")]
    pub(crate) name: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct Remove {
    /// A name that `crosshead models` lists
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead run Helsinki-NLP/opus-mt-en-de \"Good morning.\"
  crosshead run Qwen/Qwen2.5-0.5B-Instruct
  crosshead run runs/sentiment --json < reviews.txt

The task follows from the model, and the other arguments are those of its command: crosshead translate, summarize, classify, \
token-classify, generate (with --chat if the model has a chat template), fill-mask or embed.")]
pub(crate) struct Run {
    /// The model: a directory, a run, a name that `crosshead models` lists, or owner/name on the Hugging Face Hub
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Texts and options
    #[arg(value_name = "TEXT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) rest: Vec<OsString>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead inspect
  crosshead inspect bert-base
  crosshead inspect runs/translate-en-de --json")]
pub(crate) struct Inspect {
    /// A preset, a directory, a run, or owner/name on the Hugging Face Hub; if omitted, the presets are listed
    pub(crate) model: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "hub")]
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead fetch sentence-transformers/all-MiniLM-L6-v2
  crosshead embed --model sentence-transformers/all-MiniLM-L6-v2 \"Good morning.\"

Every command fetches the model that --model names if it is not in the cache; this command also updates it. The model is stored in the cache that huggingface_hub uses (HF_HUB_CACHE, or hub in HF_HOME). Files in the cache are not \
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
