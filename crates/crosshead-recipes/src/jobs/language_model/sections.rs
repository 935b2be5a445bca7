//! The recipe of causal language models.

use crosshead_tasks::DecodeOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, LoraSection, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection,
    TrainDefaults, TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`LanguageModelRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageModelKind {
    /// Causal language modeling: the next token of a text.
    LanguageModel,
}

/// Causal language modeling, with a decoder-only model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageModelRecipe {
    /// The task. It determines the kind of model and the keys of `[data]`.
    pub task: LanguageModelKind,
    /// A pretrained model to start from: a run directory, or a model directory of Crosshead or Hugging Face.
    /// `--init DIR` sets this key. The shape and the tokenizer come from the pretrained model, so `[model]` and
    /// `[tokenizer]` must be empty. A head that the pretrained model lacks, or that has different labels, is
    /// initialized from `train.seed`; the log names its parameters.
    pub init: Option<String>,
    /// The text.
    pub data: TextSection,
    /// The tokenizer.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The shape of the model.
    #[serde(default)]
    pub model: ModelSection,
    /// Training.
    #[serde(default)]
    pub train: TrainSection,
    /// LoRA: trains an adapter of the pretrained model instead of the model.
    pub lora: Option<LoraSection>,
    /// Samples that the model generates at the end of the run.
    #[serde(default)]
    pub sample: SampleSection,
}

impl Sections for LanguageModelRecipe {
    const MODEL: ModelKind = ModelKind::Causal;

    fn lora(&self) -> Option<&LoraSection> {
        self.lora.as_ref()
    }

    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.without_sampling()?;
        self.tokenizer.resolve(TokenizerKind::ByteBpe, init)?;
        self.model.resolve(Self::MODEL, init)?;
        self.lora.as_ref().map_or(Ok(()), |lora| lora.check(init, &self.train.freeze))?;
        let metrics = &[&metric::LOSS];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::LOSS, metrics };
        self.train.resolve(&defaults)?;
        self.train.without_r_drop()?;
        self.data.check()?;
        self.sample.check()
    }
}

/// Running text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextSection {
    /// Training data.
    pub train: String,
    /// Validation data, used to select the best model.
    pub valid: String,
    /// Test data. The best model is evaluated on it once, at the end of the run.
    pub test: Option<String>,
    /// Context length: tokens per training example, including special tokens. An epoch has as many examples as adjacent
    /// windows of this length; each starts at a random position in the text.
    #[serde(default = "default_max_len")]
    pub context: usize,
}

impl TextSection {
    fn check(&self) -> Result<(), InvalidKey> {
        at_least("data.context", self.context, 2)
    }
}

/// Samples that a language model generates at the end of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SampleSection {
    /// The prompts. If there are none, no samples are generated.
    pub prompts: Vec<String>,
    /// Maximum number of new tokens per sample.
    pub tokens: usize,
    /// Sampling temperature: the logits are divided by it.
    pub temperature: f64,
    /// Sample only from the `top_k` most probable tokens; 0 for all.
    pub top_k: usize,
    /// Nucleus sampling: sample only from the most probable tokens whose probabilities add up to `top_p`.
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
