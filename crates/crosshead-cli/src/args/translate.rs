//! The arguments of `crosshead translate`.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use crosshead::documents::{Format, Split};

use super::{GlossaryArgs, ModelArgs, Precision, Results, Search};

const EXAMPLES: &str = "Examples:
  crosshead translate \"The end time is not valid.\"
  crosshead translate
  crosshead translate --model runs/translate-en-de \"The end time is not valid.\"
  crosshead translate --model runs/translate-en-de -i page.html -o page.de.html
  crosshead translate -m runs/translate-en-de -i a.json -o b.json --fields title,items.text
  cat lines.txt | crosshead translate --model runs/translate-en-de > translated.txt
  crosshead translate --model runs/translate-en-de --beams 1 --json \"Detection distance\"
  crosshead translate --model runs/translate-en-de --json --alignments \"The end time is not valid.\"
  crosshead translate --model Helsinki-NLP/opus-mt-en-de \"Good morning.\"
  crosshead translate --model facebook/m2m100_418M --from en --to fr \"Good morning.\"
  crosshead translate --model opus-mt-en-de --glossary terms.tsv -i page.html -o page.de.html
  crosshead translate --model t5-small --prefix \"translate English to German: \" \"Hello.\"

Without --model, a small built-in model translates English user-interface texts to German, if this build has one; other texts \
need another model. Without a text, the lines of standard input are translated as they arrive; on a terminal, there is a prompt \
in which /beams 4 changes --beams, and /help shows what else.

Texts are split into sentences, which are translated and joined with their spacing; a sentence that is too long for the model is \
cut at a comma or a space. The output has one line per text. Line breaks in a translation become spaces; --json keeps them. The \
score of a text is the mean of its sentences' scores; its second best translation joins those of its sentences, and so on.

In a document, only text is translated: markup, code, URLs and placeholders such as {name} and %s stay, as does every other byte.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Translate {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// Print one JSON object per line
    #[arg(long, conflicts_with = "file")]
    pub(crate) json: bool,
    /// Add to each JSON object which source word each word comes from, by cross-attention; soft also adds the weights
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "hard",
        requires = "json")]
    pub(crate) alignments: Option<AlignmentForm>,
    /// The decoder layer whose attention aligns words, from 1 [default: the second to last]
    #[arg(long, value_name = "N", requires = "alignments", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) alignment_layer: Option<u16>,
    /// The texts [default: lines of standard input; on a terminal, a prompt]
    #[arg(value_name = "TEXT", conflicts_with = "file")]
    pub(crate) texts: Vec<String>,
    #[command(flatten)]
    pub(crate) files: Files,
    #[command(flatten)]
    pub(crate) glossary: GlossaryArgs,
    #[command(flatten)]
    pub(crate) results: Results,
    #[command(flatten)]
    pub(crate) search: Search,
}

/// How alignments are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlignmentForm {
    /// The source word with the largest weight
    Hard,
    /// Also the weights of all source words
    Soft,
}

/// Documents, and sentences.
#[derive(clap::Args)]
pub(crate) struct Files {
    /// A document to translate; - is standard input
    #[arg(short = 'i', long, value_name = "FILE", help_heading = "Documents")]
    pub(crate) file: Option<PathBuf>,
    /// Write the translation to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Documents")]
    pub(crate) out: Option<PathBuf>,
    /// The format of the document [default: from the extension of the input]
    #[arg(long, value_name = "FORMAT", help_heading = "Documents",
        value_parser = PossibleValuesParser::new(Format::NAMES))]
    pub(crate) format: Option<String>,
    /// The fields of JSON and JSON Lines to translate, as in title,items.text; * is any name
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Documents")]
    pub(crate) fields: Vec<String>,
    /// The columns of TSV to translate, from 1
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', help_heading = "Documents",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) columns: Vec<u16>,
    /// What is translated at once
    #[arg(long, value_name = "UNIT", default_value = "sentences")]
    pub(crate) split: SplitName,
    /// The language whose rules split sentences, such as de [default: --from, or en]
    #[arg(long, value_name = "CODE")]
    pub(crate) split_language: Option<String>,
}

impl Files {
    /// The first option on the command line that needs a document.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let options = [
            ("--format", self.format.is_some()),
            ("--fields", !self.fields.is_empty()),
            ("--columns", !self.columns.is_empty()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }
}

/// What is translated at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SplitName {
    /// Sentences
    Sentences,
    /// Lines
    Lines,
    /// A whole text or paragraph
    None,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Sentences => Self::Sentences,
            SplitName::Lines => Self::Lines,
            SplitName::None => Self::None,
        }
    }
}
