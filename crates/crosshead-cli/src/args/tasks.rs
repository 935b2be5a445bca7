//! The commands that use trained models.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use crosshead::ScoreFunction;
use crosshead::recipes::TaskKind;

pub(crate) const TRANSLATE_EXAMPLES: &str = "Examples:
  crosshead translate --model runs/translate-en-de \"The end time is not valid.\"
  cat lines.txt | crosshead translate --model runs/translate-en-de - > translated.txt
  crosshead translate --model runs/translate-en-de --beams 1 --json \"Detection distance\"
  crosshead translate --model opus-mt-en-de \"The end time is not valid.\"
  crosshead translate --model mbart-large-50-many-to-many-mmt --from en_XX --to de_DE \"The end time is not valid.\"
  crosshead translate --model t5-small --prefix \"translate English to German: \" \"The end time is not valid.\"

Each text gives a line: line breaks in a translation become spaces. With --json they are kept.";

pub(crate) const SUMMARIZE_EXAMPLES: &str = "Examples:
  crosshead summarize --model runs/summarize \"Deletes the given queue. Messages in it are lost.\"
  cat documents.txt | crosshead summarize --model runs/summarize --json -

Each text gives a line: line breaks in a summary become spaces. With --json they are kept.";

/// The model, and the texts it is used on.
#[derive(clap::Args)]
pub(crate) struct Texts {
    /// A run directory, or a model directory
    #[arg(long, value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Texts, or - for lines from standard input, each answered when it comes
    #[arg(required = true)]
    pub(crate) texts: Vec<String>,
}

/// A text for each text.
#[derive(clap::Args)]
pub(crate) struct Write {
    #[command(flatten)]
    pub(crate) texts: Texts,
    #[command(flatten)]
    pub(crate) search: Search,
}

/// How texts are searched for.
#[derive(clap::Args)]
pub(crate) struct Search {
    /// Hypotheses followed at once, 1 for greedy search; by default as the model says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) beams: Option<u16>,
    /// α of the score log p / lenᵅ; by default as the model says
    #[arg(long, value_name = "ALPHA")]
    pub(crate) length_penalty: Option<f32>,
    /// The most tokens to write for a text; by default as the model says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_tokens: Option<u16>,
    /// The language to write, by the model's code for it: fr_XX in mBART-50, deu_Latn in NLLB, fra in OPUS-MT; by default as
    /// the model's files say
    #[arg(long, value_name = "CODE")]
    pub(crate) to: Option<String>,
    /// The language of the texts, for models that are told it; by default as the model's files say, or English
    #[arg(long, value_name = "CODE")]
    pub(crate) from: Option<String>,
    /// What the model reads before each text, such as T5's "translate English to German: "; by default the prefix of its
    /// config.json
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Texts decoded together
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
}

impl Search {
    /// An option that was given and changes what is written.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let options = [
            ("--beams", self.beams.is_some()),
            ("--length-penalty", self.length_penalty.is_some()),
            ("--max-tokens", self.max_tokens.is_some()),
            ("--to", self.to.is_some()),
            ("--from", self.from.is_some()),
            ("--prefix", self.prefix.is_some()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead classify --model runs/sentiment \"A fine film.\" \"Never again.\"
  cat reviews.txt | crosshead classify --model runs/sentiment --json -

Each text gives a line: the label with the highest score, and the score. With --json the line has every label.")]
pub(crate) struct Classify {
    #[command(flatten)]
    pub(crate) texts: Texts,
    /// What turns the model's numbers into scores; by default what problem_type of its config.json asks for
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) function: Option<FunctionName>,
}

/// What turns a classifier's numbers into scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FunctionName {
    /// Probabilities of which one label is right
    Softmax,
    /// The probability of each label for itself
    Sigmoid,
    /// The numbers as they are
    None,
}

impl From<FunctionName> for ScoreFunction {
    fn from(name: FunctionName) -> Self {
        match name {
            FunctionName::Softmax => Self::Softmax,
            FunctionName::Sigmoid => Self::Sigmoid,
            FunctionName::None => Self::None,
        }
    }
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead generate --model runs/language-model \"Call me\"
  crosshead generate --model runs/char-lm --max-tokens 300 --temperature 0.7 --seed 3 \"The whale\"
  crosshead generate --model runs/char-lm --temperature 0 \"\"
  cat prompts.txt | crosshead generate --model runs/language-model --json -
  crosshead generate --model Qwen2-0.5B-Instruct --chat --system \"Answer briefly.\" \"What is a transformer?\"

One prompt on the command line is streamed. Several, or lines from standard input, give a line each: line breaks \
become spaces, and with --json they are kept. An empty prompt begins where texts begin; of a prompt that is too long the \
end is read. Options that are not given are as the model's generation_config.json says, and else the defaults.

Tokens are sampled unless the temperature is 0, or generation_config.json asks for greedy decoding or beam search and \
none of --temperature, --top-k and --top-p is given.")]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) texts: Texts,
    /// Take each text for a user's message and print the answer, by the tokenizer's chat template
    #[arg(long)]
    pub(crate) chat: bool,
    /// What the model is told before the user's message
    #[arg(long, value_name = "TEXT", requires = "chat")]
    pub(crate) system: Option<String>,
    /// The most tokens to write [default: as the model says, or 200]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    /// What the logits are divided by; 0 always takes the most probable token [default: as the model says, or 0.8]
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f32>,
    /// Sample from the K most probable tokens; 0 for all [default: as the model says, or 0]
    #[arg(long, value_name = "K")]
    pub(crate) top_k: Option<usize>,
    /// Sample from the most probable tokens that together reach this probability [default: as the model says, or 1]
    #[arg(long, value_name = "P")]
    pub(crate) top_p: Option<f32>,
    /// The seed of the samples
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead fill-mask --model runs/masked-lm \"The [MASK] swam in the sea.\"
  crosshead fill-mask --model runs/masked-lm --top 3 --json \"Call me [MASK].\"
  cat lines.txt | crosshead fill-mask --model runs/masked-lm --json -

Each text gives a line with the best guesses in place, and a line for each mask; a blank one gives a blank \
line. Line breaks in guesses become spaces. With --json each text gives one line.")]
pub(crate) struct FillMask {
    #[command(flatten)]
    pub(crate) texts: Texts,
    /// Guesses shown for each mask
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) top: u16,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead evaluate --model runs/translate-en-de --data test.tsv
  crosshead evaluate --model runs/translate-en-de --data embedded:translate-en-de/test.tsv --beams 1 --json
  crosshead evaluate --model runs/sentiment --data reviews.jsonl --set data.label=stars --set data.text=review
  crosshead evaluate --model runs/language-model --data book.txt

The file is read as the run's recipe says; of a model without a run, as docs/recipes.md says where keys are absent.")]
pub(crate) struct Evaluate {
    /// A run directory, or a model directory
    #[arg(long, value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// The file, or embedded:NAME: pairs, labelled texts or running text
    #[arg(long, value_name = "FILE")]
    pub(crate) data: String,
    /// What the model is measured at; by default what its run or its head is for
    #[arg(long, value_name = "TASK", value_parser = task_parser())]
    pub(crate) task: Option<TaskKind>,
    /// Put a value over the recipe's, as in data.text=3; can be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) search: Search,
    /// Print the figures as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads the name of a task.
fn task_parser() -> impl TypedValueParser<Value = TaskKind> {
    PossibleValuesParser::new(TaskKind::ALL.iter().map(|task| task.name()))
        .try_map(|name| name.parse::<TaskKind>())
}
