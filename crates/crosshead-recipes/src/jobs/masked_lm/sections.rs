//! The recipe of masked language models.
//!
//! A file is a path, or `embedded:` and the name of data that the program carries.

use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection, TrainDefaults,
    TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`MaskedLmRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskedLmKind {
    /// Hidden tokens of a text.
    MaskedLm,
}

/// Hidden tokens of a text, by an encoder with a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskedLmRecipe {
    /// The only task of these sections.
    pub task: MaskedLmKind,
    /// A pretrained model to start from: a model directory or a run directory.
    pub init: Option<String>,
    /// Where the text is.
    pub data: MaskedTextSection,
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

impl Sections for MaskedLmRecipe {
    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::WordPiece, init)?;
        self.model.resolve(ModelKind::Encoder, init)?;
        let metrics = &[&metric::LOSS, &metric::ACCURACY];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::LOSS, metrics };
        self.train.resolve(&defaults)?;
        self.data.check()
    }
}

/// Running text of which tokens are hidden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskedTextSection {
    /// Text to learn from.
    pub train: String,
    /// Text by which the best model is chosen.
    pub valid: String,
    /// Text that is read once, at the end.
    pub test: Option<String>,
    /// Tokens that the model reads at once, special ones included.
    #[serde(default = "default_max_len")]
    pub context: usize,
    /// The share of tokens that are to be guessed.
    #[serde(default = "default_masked")]
    pub masked: f64,
}

impl MaskedTextSection {
    fn check(&self) -> Result<(), InvalidKey> {
        at_least("data.context", self.context, 3)?;
        match self.masked {
            share if share > 0.0 && share < 1.0 => Ok(()),
            share => Err(InvalidKey::new("data.masked", format!("{share} is outside (0, 1)"))),
        }
    }
}

fn default_max_len() -> usize {
    128
}

fn default_masked() -> f64 {
    0.15
}
