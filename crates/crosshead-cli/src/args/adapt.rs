//! The arguments of `crosshead finetune` and `crosshead merge`.

use std::path::PathBuf;

use crosshead::recipes::TaskKind;

use super::tasks::task_parser;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead finetune --model opus-mt-en-de --data pairs.tsv
  crosshead finetune --model opus-mt-en-de --data pairs.tsv --also news.tsv --out runs/ui
  crosshead finetune --model all-MiniLM-L6-v2 --data reviews.tsv --full
  crosshead finetune --model gpt2 --data book.txt --epochs 1 --set lora.rank=8
  crosshead finetune --model mbart-large-50 --data pairs.tsv --from en_XX --to de_DE
  crosshead finetune --model opus-mt-en-de --data pairs.tsv --resume

The data is a table of pairs or labelled texts (TSV, or JSONL), or plain text for a language model. The task and the columns are found and printed. One part of the data is held out to select the best model, another one to measure it before and after. An adapter (LoRA) is trained unless --full or --freeze is given. The run directory is a model for every command; crosshead merge turns it into a complete model. Ctrl-C saves a checkpoint and stops; --resume continues from it.")]
pub(crate) struct Finetune {
    /// The pretrained model: a directory, a run, or owner/name on the Hugging Face Hub
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The data: pairs or labelled texts (.tsv, .jsonl), or plain text (.txt)
    #[arg(long, value_name = "FILE")]
    pub(crate) data: PathBuf,
    /// Another file with the same columns, to show what the model gains or loses on it
    #[arg(long, value_name = "FILE")]
    pub(crate) also: Option<PathBuf>,
    /// Train all parameters instead of an adapter
    #[arg(long, conflicts_with = "freeze")]
    pub(crate) full: bool,
    /// Train all parameters except those whose names match this pattern, such as "encoder.*"; can be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(crate) freeze: Vec<String>,
    /// Train a new head of a classifier on the labels of the data
    #[arg(long)]
    pub(crate) new_head: bool,
    /// Passes over the training data
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) epochs: u16,
    /// Source language, in the model's own code [default: from the model]
    #[arg(long, value_name = "CODE")]
    pub(crate) from: Option<String>,
    /// Target language, in the model's own code [default: from the model]
    #[arg(long, value_name = "CODE")]
    pub(crate) to: Option<String>,
    /// The task [default: from the model's head and the data]
    #[arg(long, value_name = "TASK", value_parser = task_parser())]
    pub(crate) task: Option<TaskKind>,
    /// Override a recipe value, as in lora.rank=8 or data.label=2; can be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The run directory
    #[arg(long, value_name = "DIR", default_value = "runs/finetune")]
    pub(crate) out: PathBuf,
    /// Resume the run from its last checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead merge --model runs/finetune --out my-model
  crosshead merge --model opus-mt-en-de --adapter my-adapter --out my-model

The new directory has the outputs of the model with its adapter, in f32, and needs neither of them.")]
pub(crate) struct Merge {
    /// The model: a directory, a run, owner/name on the Hugging Face Hub, or an adapter that names its base model
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The adapter: a PEFT directory (LoRA), or a run directory of one [default: the one in --model]
    #[arg(long, value_name = "DIR")]
    pub(crate) adapter: Option<PathBuf>,
    /// The new model directory
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: PathBuf,
}
