//! The recipe of causal language models.
//!
//! A file is a path, or `embedded:` and the name of data that the program carries.

use crosshead_tasks::DecodeOptions;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection, TrainDefaults,
    TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`LanguageModelRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageModelKind {
    /// The next token of a text.
    LanguageModel,
}

/// The next token of a text, by a decoder-only model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageModelRecipe {
    /// The only task of these sections.
    pub task: LanguageModelKind,
    /// A pretrained model to start from: a model directory or a run directory.
    pub init: Option<String>,
    /// Where the text is.
    pub data: TextSection,
    /// How text becomes ids.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The model's shape.
    #[serde(default)]
    pub model: ModelSection,
    /// The length and pace of training.
    #[serde(default)]
    pub train: TrainSection,
    /// What the model writes at the end.
    #[serde(default)]
    pub sample: SampleSection,
}

impl Sections for LanguageModelRecipe {
    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::ByteBpe, init)?;
        self.model.resolve(ModelKind::Causal, init)?;
        let metrics = &[&metric::LOSS];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::LOSS, metrics };
        self.train.resolve(&defaults)?;
        self.data.check()?;
        self.sample.check()
    }
}

/// Running text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSection {
    /// Text to learn from.
    pub train: String,
    /// Text by which the best model is chosen.
    pub valid: String,
    /// Text that is read once, at the end.
    pub test: Option<String>,
    /// Tokens that the model reads at once.
    #[serde(default = "default_max_len")]
    pub context: usize,
}

impl TextSection {
    fn check(&self) -> Result<(), InvalidKey> {
        at_least("data.context", self.context, 2)
    }
}

/// The samples that a language model shows at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleSection {
    /// What the samples go on from.
    pub prompts: Vec<String>,
    /// Tokens of a sample.
    pub tokens: usize,
    /// What the logits are divided by.
    pub temperature: f64,
    /// How many of the most probable tokens may be drawn; 0 for all.
    pub top_k: usize,
    /// The probability that the tokens which may be drawn must reach.
    pub top_p: f64,
}

impl Default for SampleSection {
    fn default() -> Self {
        Self { prompts: Vec::new(), tokens: 100, temperature: 0.8, top_k: 0, top_p: 1.0 }
    }
}

impl SampleSection {
    /// The decoding options of the samples.
    pub(super) fn options(&self) -> DecodeOptions {
        DecodeOptions {
            max_tokens: Some(self.tokens),
            temperature: Some(self.temperature as f32),
            top_k: Some(self.top_k),
            top_p: Some(self.top_p as f32),
            ..DecodeOptions::default()
        }
    }

    fn check(&self) -> Result<(), InvalidKey> {
        at_least("sample.tokens", self.tokens, 1)?;
        let wrong = |key: &str, value: f64, expected: &str| {
            Err(InvalidKey::new(format!("sample.{key}"), format!("{value}: must be {expected}")))
        };
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return wrong("temperature", self.temperature, "a finite number above 0");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return wrong("top_p", self.top_p, "above 0 and at most 1");
        }
        Ok(())
    }
}

fn default_max_len() -> usize {
    128
}
