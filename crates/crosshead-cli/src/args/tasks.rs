//! The arguments of the commands that use trained models.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use crosshead::recipes::TaskKind;
use crosshead::{Aggregation, ScoreFunction};

use super::{Decoding, ModelArgs, Precision, Results, TextArgs};

pub(crate) const SUMMARIZE_EXAMPLES: &str = "Examples:
  crosshead summarize --model runs/summarize \"Deletes the given queue. Messages in it are lost.\"
  cat documents.txt | crosshead summarize --model runs/summarize --json

The output has one line per text. Line breaks in a summary become spaces; --json keeps them.";

/// The model and its input texts.
#[derive(clap::Args)]
pub(crate) struct Texts {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) input: TextArgs,
}

/// Summarization.
#[derive(clap::Args)]
pub(crate) struct Write {
    #[command(flatten)]
    pub(crate) texts: Texts,
    #[command(flatten)]
    pub(crate) results: Results,
    #[command(flatten)]
    pub(crate) search: Search,
}

/// Decoding options.
#[derive(clap::Args)]
pub(crate) struct Search {
    #[command(flatten, next_help_heading = "Decoding")]
    pub(crate) decoding: Decoding,
    /// Maximum number of new tokens per text [default: from the model]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_tokens: Option<u16>,
    /// Target language, in the model's own code: fr_XX in mBART-50, deu_Latn in NLLB, fra in OPUS-MT [default: from
    /// the model]
    #[arg(long, value_name = "CODE")]
    pub(crate) to: Option<String>,
    /// Source language, for models that take one [default: from the model, or English]
    #[arg(long, value_name = "CODE")]
    pub(crate) from: Option<String>,
    /// Text to prepend to each text, such as T5's "translate English to German: " [default: prefix in config.json]
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// The beginning of every output
    #[arg(long, value_name = "TEXT")]
    pub(crate) target_prefix: Option<String>,
    /// Texts per batch
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
}

impl Search {
    /// The first option on the command line that changes the output.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let options = [
            ("--max-tokens", self.max_tokens.is_some()),
            ("--to", self.to.is_some()),
            ("--from", self.from.is_some()),
            ("--prefix", self.prefix.is_some()),
            ("--target-prefix", self.target_prefix.is_some()),
        ];
        let given = options.into_iter().find_map(|(option, is_given)| is_given.then_some(option));
        given.or_else(|| self.decoding.given())
    }
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead classify \"A fine film.\" \"Never again.\"
  crosshead classify --model runs/sentiment -i reviews.txt -o labels.tsv
  cat reviews.txt | crosshead classify --model runs/sentiment --json
  cut -f 2,3 test.tsv | crosshead classify --model runs/entailment --pairs

The output has one line per text: the label with the highest score, tab, score. --json prints the scores of all labels.")]
pub(crate) struct Classify {
    #[command(flatten)]
    pub(crate) texts: Texts,
    /// Each text is a pair: two texts with a tab between them, which are classified together
    #[arg(long)]
    pub(crate) pairs: bool,
    /// How to turn logits into scores [default: from problem_type in config.json]
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) function: Option<FunctionName>,
}

/// The function that maps a classifier's logits to scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FunctionName {
    /// Probabilities that add up to 1: one label per text
    Softmax,
    /// An independent probability for each label
    Sigmoid,
    /// The logits
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
  crosshead token-classify --model runs/ner \"Ada Lovelace was born in London.\"
  cat lines.txt | crosshead token-classify --model runs/ner --aggregation first --json

The output has one line per entity: the number of the text, the label, the score and the words, separated by tabs. --json prints \
one line per text, with the position of each entity in characters.")]
pub(crate) struct TokenClassify {
    #[command(flatten)]
    pub(crate) texts: Texts,
    /// How tokens become entities, as in transformers
    #[arg(long, value_name = "STRATEGY", default_value = "simple")]
    pub(crate) aggregation: AggregationName,
}

/// How tokens become entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AggregationName {
    /// Adjacent tokens of the same type
    Simple,
    /// Adjacent words of the same type; the first token of a word decides
    First,
    /// Each token
    None,
}

impl From<AggregationName> for Aggregation {
    fn from(name: AggregationName) -> Self {
        match name {
            AggregationName::Simple => Self::Simple,
            AggregationName::First => Self::First,
            AggregationName::None => Self::None,
        }
    }
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead generate --model runs/language-model \"Call me\"
  crosshead generate --model runs/char-lm --max-tokens 300 --temperature 0.7 --seed 3 \"The whale\"
  crosshead generate --model runs/char-lm --temperature 0 \"\"
  cat prompts.txt | crosshead generate --model runs/language-model --json
  crosshead generate --model Qwen2-7B-Instruct --draft Qwen2-0.5B-Instruct --temperature 0 --chat \"Repeat this: …\"
  crosshead generate --model Qwen2-0.5B-Instruct --chat --system \"Answer briefly.\" \"What is a transformer?\"

A single prompt on the command line is streamed. Several prompts, or lines of standard input, are printed one per line: line \
breaks become spaces; --json keeps them. A prompt that is longer than the model's context is truncated at its beginning. With \
an empty prompt, generation starts from the begin token, if the model has one. Options that are not given are read from \
generation_config.json, or else have the defaults shown above.

Tokens are sampled unless the temperature is 0, --beams or --force-words is given, or generation_config.json sets greedy decoding or \
beam search and none of --temperature, --top-k, --top-p, --min-p and --typical-p is given.")]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) texts: Texts,
    /// Treat each text as a user message, apply the tokenizer's chat template, and print the answer
    #[arg(long)]
    pub(crate) chat: bool,
    /// The system message
    #[arg(long, value_name = "TEXT", requires = "chat")]
    pub(crate) system: Option<String>,
    /// Maximum number of new tokens [default: from the model, or 200]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    #[command(flatten)]
    pub(crate) results: Results,
    #[command(flatten, next_help_heading = "Decoding")]
    pub(crate) decoding: Decoding,
    /// Speculative decoding: a smaller model with the same tokenizer writes tokens that the model checks in one pass. Only for greedy
    /// decoding, whose text does not change
    #[arg(long, value_name = "MODEL", conflicts_with = "prompt_lookup", help_heading = "Decoding")]
    pub(crate) draft: Option<PathBuf>,
    /// The number of tokens that the draft model writes at once
    #[arg(long, value_name = "N", default_value_t = 4, requires = "draft", help_heading = "Decoding",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) draft_tokens: u16,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead fill-mask --model runs/masked-lm \"The [MASK] swam in the sea.\"
  crosshead fill-mask --model runs/masked-lm --top 3 --json \"Call me [MASK].\"
  cat lines.txt | crosshead fill-mask --model runs/masked-lm --json

For each text, the output has one line with the most probable tokens filled in and one line per mask. A blank input line \
produces a blank output line. Line breaks in predictions become spaces. --json prints one line per text.")]
pub(crate) struct FillMask {
    #[command(flatten)]
    pub(crate) texts: Texts,
    /// Number of predictions per mask
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) top: u16,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead evaluate --model runs/translate-en-de --data test.tsv
  crosshead evaluate --model runs/translate-en-de --data embedded:translate-en-de/test.tsv --beams 1 --json
  crosshead evaluate --model runs/sentiment --data reviews.jsonl --set data.label=stars --set data.text=review
  crosshead evaluate --model runs/language-model --data book.txt

The file is read as described in the [data] section of the run's recipe. For a model without a run, the task's defaults \
apply. --set overrides both (see crosshead recipes --reference data).")]
pub(crate) struct Evaluate {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// The file with pairs, labelled texts or plain text; embedded:NAME for embedded data
    #[arg(long, value_name = "FILE")]
    pub(crate) data: String,
    /// The task [default: from the run's recipe, or from the model's head]
    #[arg(long, value_name = "TASK", value_parser = task_parser())]
    pub(crate) task: Option<TaskKind>,
    /// Override a recipe value, as in data.text=3; can be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) search: Search,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// Print the metrics as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Parses the name of a task.
pub(super) fn task_parser() -> impl TypedValueParser<Value = TaskKind> {
    PossibleValuesParser::new(TaskKind::ALL.iter().map(|task| task.name()))
        .try_map(|name| name.parse::<TaskKind>())
}
