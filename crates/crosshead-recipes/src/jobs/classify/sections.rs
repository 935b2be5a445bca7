//! The recipe of classification.
//!
//! A file is a path, or `embedded:` and the name of data that the program carries.

use crosshead_data::{Column, LabelSet};
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection, TrainDefaults,
    TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`ClassifyRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassifyKind {
    /// One label for each text.
    Classify,
}

/// One label for each text, by an encoder with a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifyRecipe {
    /// The only task of these sections.
    pub task: ClassifyKind,
    /// A pretrained model to start from: a model directory or a run directory.
    pub init: Option<String>,
    /// Where the texts and their labels are.
    pub data: LabelledSection,
    /// How text becomes ids.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The model's shape.
    #[serde(default)]
    pub model: ModelSection,
    /// The length and pace of training.
    #[serde(default)]
    pub train: TrainSection,
}

impl Sections for ClassifyRecipe {
    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::WordPiece, init)?;
        self.model.resolve(ModelKind::Encoder, init)?;
        let metrics = &[&metric::LOSS, &metric::ACCURACY, &metric::MACRO_F1];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::ACCURACY, metrics };
        self.train.resolve(&defaults)?;
        self.data.check()
    }
}

/// Texts with a label each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledSection {
    /// Texts to learn from.
    pub train: String,
    /// Texts by which the best model is chosen.
    pub valid: String,
    /// Texts that are read once, at the end.
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

impl LabelledSection {
    /// What the model calls these labels of the files.
    pub(crate) fn names(&self, labels: &LabelSet) -> Vec<String> {
        self.names.as_deref().unwrap_or(labels.names()).to_vec()
    }

    fn check(&self) -> Result<(), InvalidKey> {
        if let (Some(labels), Some(names)) = (&self.labels, &self.names)
            && labels.len() != names.len()
        {
            let reason = format!("{} names for {} labels", names.len(), labels.len());
            return Err(InvalidKey::new("data.names", reason));
        }
        at_least("data.max_len", self.max_len.unwrap_or(usize::MAX), 3)
    }
}

fn first() -> Column {
    Column::Number(1)
}

fn second() -> Column {
    Column::Number(2)
}
