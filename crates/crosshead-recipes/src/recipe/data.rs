//! The `[data]` section of each kind of task.
//!
//! A file is a path, or `embedded:` and the name of data that the program carries.

use crosshead_data::{Column, LabelSet};
use serde::{Deserialize, Serialize};

use super::Wrong;

/// What happens to a text of more tokens than `max_len`, as a recipe spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LongTexts {
    /// Its example is left out of training.
    Drop,
    /// It is cut.
    Truncate,
}

impl LongTexts {
    /// What became of the longer ones, in a sentence.
    pub(crate) fn participle(self) -> &'static str {
        match self {
            Self::Drop => "left out",
            Self::Truncate => "cut",
        }
    }
}

/// Pairs of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsSection {
    /// Pairs to learn from.
    pub train: String,
    /// Pairs by which the best model is chosen.
    pub valid: String,
    /// Pairs that are looked at once, at the end.
    pub test: Option<String>,
    /// The column of the source: a number from 1, a name in the first line, or a field of JSONL.
    #[serde(default = "first")]
    pub source: Column,
    /// The column of the target.
    #[serde(default = "second")]
    pub target: Column,
    /// The most tokens of a side.
    #[serde(default = "default_max_len")]
    pub max_len: usize,
    /// What happens to pairs with a longer side; by default translations are dropped and documents truncated.
    pub long: Option<LongTexts>,
    /// Pairs to learn from beside each pair, which ask for a copy of some words of the source.
    #[serde(default)]
    pub copies: usize,
    /// The language of the sources, by the pretrained model's code of it.
    pub source_lang: Option<String>,
    /// The language of the targets.
    pub target_lang: Option<String>,
    /// What stands before each source: the task, for models that are told it. As the pretrained model has it, if absent.
    pub prefix: Option<String>,
}

/// Texts with a label each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledSection {
    /// Texts to learn from.
    pub train: String,
    /// Texts by which the best model is chosen.
    pub valid: String,
    /// Texts that are looked at once, at the end.
    pub test: Option<String>,
    /// The column of the label: a number from 1, a name in the first line, or a field of JSONL.
    #[serde(default = "first")]
    pub label: Column,
    /// The column of the text.
    #[serde(default = "second")]
    pub text: Column,
    /// The labels as the files write them; those of the training texts, in their order, if absent.
    pub labels: Option<Vec<String>>,
    /// What the model calls the labels, in the same order; as the files do, if absent.
    pub names: Option<Vec<String>>,
    /// The most tokens of a text, special ones included; longer ones are cut. As many as the model reads, if absent.
    pub max_len: Option<usize>,
}

/// Running text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSection {
    /// Text to learn from.
    pub train: String,
    /// Text by which the best model is chosen.
    pub valid: String,
    /// Text that is looked at once, at the end.
    pub test: Option<String>,
    /// Tokens that the model reads at once.
    #[serde(default = "default_max_len")]
    pub context: usize,
}

/// Running text of which tokens are hidden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskedTextSection {
    /// Text to learn from.
    pub train: String,
    /// Text by which the best model is chosen.
    pub valid: String,
    /// Text that is looked at once, at the end.
    pub test: Option<String>,
    /// Tokens that the model reads at once, special ones included.
    #[serde(default = "default_max_len")]
    pub context: usize,
    /// The share of tokens that are to be guessed.
    #[serde(default = "default_masked")]
    pub masked: f64,
}

fn first() -> Column {
    Column::Number(1)
}

fn second() -> Column {
    Column::Number(2)
}

fn default_max_len() -> usize {
    128
}

fn default_masked() -> f64 {
    0.15
}

impl PairsSection {
    /// What stands before each source; empty where a recipe does not say.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }

    /// Fills absent keys where no pretrained model does.
    pub(super) fn resolve(&mut self, init: bool) -> Result<(), Wrong> {
        let languages =
            [("data.source_lang", &self.source_lang), ("data.target_lang", &self.target_lang)];
        let told = languages.iter().find(|(_, code)| code.is_some());
        match told {
            Some((key, _)) if !init => {
                let reason =
                    "only a pretrained model (init) can have languages; leave this key out";
                return Err(((*key).to_owned(), reason.to_owned()));
            }
            Some(_) if self.target_lang.is_none() => {
                let reason = "missing; data.source_lang alone says no direction";
                return Err(("data.target_lang".to_owned(), reason.to_owned()));
            }
            Some(_) | None => {}
        }
        if !init {
            self.prefix.get_or_insert_default();
        }
        at_least("data.max_len", self.max_len, 1)
    }
}

impl LabelledSection {
    /// What the model calls these labels of the files.
    pub(crate) fn names(&self, labels: &LabelSet) -> Vec<String> {
        self.names.as_deref().unwrap_or(labels.names()).to_vec()
    }

    pub(super) fn check(&self) -> Result<(), Wrong> {
        if let (Some(labels), Some(names)) = (&self.labels, &self.names)
            && labels.len() != names.len()
        {
            let reason = format!("{} names for {} labels", names.len(), labels.len());
            return Err(("data.names".to_owned(), reason));
        }
        at_least("data.max_len", self.max_len.unwrap_or(usize::MAX), 3)
    }
}

impl TextSection {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        at_least("data.context", self.context, 2)
    }
}

impl MaskedTextSection {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        at_least("data.context", self.context, 3)?;
        match self.masked {
            share if share > 0.0 && share < 1.0 => Ok(()),
            share => Err(("data.masked".to_owned(), format!("{share} is outside (0, 1)"))),
        }
    }
}

/// Refuses a number that is too small.
pub(super) fn at_least(key: &str, value: usize, least: usize) -> Result<(), Wrong> {
    if value >= least {
        return Ok(());
    }
    Err((key.to_owned(), format!("{value}: must be at least {least}")))
}
