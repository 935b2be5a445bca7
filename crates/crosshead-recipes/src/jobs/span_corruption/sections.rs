//! The recipe of span corruption.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, LoraSection, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection,
    TrainDefaults, TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`SpanRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpanKind {
    /// Span corruption: the missing spans of a text, as in T5.
    SpanCorruption,
}

/// Pre-training of an encoder-decoder on running text, to be fine-tuned for translation or summarization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanRecipe {
    /// The task. It determines the kind of model and the keys of `[data]`.
    pub task: SpanKind,
    /// A pretrained model to start from: a run directory, or a model directory of Crosshead or Hugging Face.
    /// `--init DIR` sets this key. The shape and the tokenizer come from the pretrained model, so `[model]` and
    /// `[tokenizer]` must be empty. A head that the pretrained model lacks, or that has different labels, is
    /// initialized from `train.seed`; the log names its parameters.
    pub init: Option<String>,
    /// The text.
    pub data: SpanTextSection,
    /// The tokenizer. It gets the sentinels `<extra_id_0>`, … that `data.context` needs.
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
}

impl Sections for SpanRecipe {
    const MODEL: ModelKind = ModelKind::EncoderDecoder;

    fn lora(&self) -> Option<&LoraSection> {
        self.lora.as_ref()
    }

    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.without_sampling()?;
        self.tokenizer.resolve(TokenizerKind::Bpe, init)?;
        match self.tokenizer.kind {
            None | Some(TokenizerKind::Bpe | TokenizerKind::Unigram) => {}
            Some(TokenizerKind::ByteBpe | TokenizerKind::WordPiece | TokenizerKind::Char) => {
                let reason = "span corruption needs a tokenizer with sentinels: bpe or unigram";
                return Err(InvalidKey::new("tokenizer.kind", reason));
            }
        }
        self.model.resolve(Self::MODEL, init)?;
        self.lora.as_ref().map_or(Ok(()), |lora| lora.check(init, &self.train.freeze))?;
        let metrics = &[&metric::LOSS];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::LOSS, metrics };
        self.train.resolve(&defaults)?;
        self.train.without_r_drop()?;
        self.data.check()
    }
}

/// Running text, spans of which are removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanTextSection {
    /// Training data.
    pub train: String,
    /// Validation data, used to select the best model.
    pub valid: String,
    /// Test data. The best model is evaluated on it once, at the end of the run.
    pub test: Option<String>,
    /// Tokens of the text per training example, before spans are removed. An epoch has as many examples as adjacent windows of
    /// this length; each starts at a random position of the text.
    #[serde(default = "default_context")]
    pub context: usize,
    /// Share of the tokens that are removed.
    #[serde(default = "default_noise")]
    pub noise: f64,
    /// Mean number of tokens of a span.
    #[serde(default = "default_span")]
    pub span: f64,
}

impl SpanTextSection {
    fn check(&self) -> Result<(), InvalidKey> {
        at_least("data.context", self.context, 2)?;
        if !(self.noise > 0.0 && self.noise < 1.0) {
            let reason = format!("{}: must be between 0 and 1, exclusive", self.noise);
            return Err(InvalidKey::new("data.noise", reason));
        }
        if !(self.span.is_finite() && self.span >= 1.0) {
            let reason = format!("{}: must be a number of at least 1", self.span);
            return Err(InvalidKey::new("data.span", reason));
        }
        Ok(())
    }
}

fn default_context() -> usize {
    128
}

fn default_noise() -> f64 {
    0.15
}

fn default_span() -> f64 {
    3.0
}
