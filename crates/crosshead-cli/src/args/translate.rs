//! The arguments of `crosshead translate`.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use crosshead::documents::{Format, Split};

use super::{GlossaryArgs, Precision, Results, Search};

const EXAMPLES: &str = "Examples:
  crosshead translate --model runs/translate-en-de \"The end time is not valid.\"
  crosshead translate --model runs/translate-en-de -i page.html -o page.de.html
  crosshead translate --model runs/translate-en-de -i data.json -o data.de.json --fields title,items.text
  cat lines.txt | crosshead translate --model runs/translate-en-de - > translated.txt
  crosshead translate --model runs/translate-en-de --beams 1 --json \"Detection distance\"
  crosshead translate --model opus-mt-en-de \"The end time is not valid.\"
  crosshead translate --model opus-mt-en-de --glossary terms.tsv -i page.html -o page.de.html
  crosshead translate --model mbart-large-50-many-to-many-mmt --from en_XX --to de_DE \"The end time is not valid.\"
  crosshead translate --model t5-small --prefix \"translate English to German: \" \"The end time is not valid.\"

Texts are split into sentences, which are translated and joined with their spacing; a sentence that is too long for the model is \
cut at a comma or a space. The output has one line per text. Line breaks in a translation become spaces; --json keeps them. The \
score of a text is the mean of its sentences' scores; its second best translation joins those of its sentences, and so on.

In a document, only text is translated: markup, code, URLs and placeholders such as {name} and %s stay, as does every other byte.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Translate {
    /// A run directory or a model directory
    #[arg(long, value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// An adapter of the model: a PEFT directory (LoRA), or a run directory of one
    #[arg(long, value_name = "DIR")]
    pub(crate) adapter: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// Print one JSON object per line
    #[arg(long, conflicts_with = "input")]
    pub(crate) json: bool,
    /// The texts, or - for lines of standard input
    #[arg(required_unless_present = "input", conflicts_with = "input")]
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

/// Documents, and sentences.
#[derive(clap::Args)]
pub(crate) struct Files {
    /// A document to translate
    #[arg(short, long, value_name = "FILE", requires = "output", help_heading = "Documents")]
    pub(crate) input: Option<PathBuf>,
    /// Where to write the translated document
    #[arg(short, long, value_name = "FILE", requires = "input", help_heading = "Documents")]
    pub(crate) output: Option<PathBuf>,
    /// The format of the document [default: from the extension of the input]
    #[arg(long, value_name = "FORMAT", requires = "input", help_heading = "Documents",
        value_parser = PossibleValuesParser::new(Format::NAMES))]
    pub(crate) format: Option<String>,
    /// The fields of JSON and JSON Lines to translate, as in title,items.text; * is any name
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        requires = "input",
        help_heading = "Documents"
    )]
    pub(crate) fields: Vec<String>,
    /// The columns of TSV to translate, from 1
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', requires = "input", help_heading = "Documents",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) columns: Vec<u16>,
    /// What is translated at once
    #[arg(long, value_name = "UNIT", default_value = "sentences")]
    pub(crate) split: SplitName,
    /// The language whose rules split sentences, such as de [default: --from, or en]
    #[arg(long, value_name = "CODE")]
    pub(crate) split_language: Option<String>,
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
