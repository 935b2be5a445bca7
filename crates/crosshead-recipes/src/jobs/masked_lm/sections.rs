//! The recipe of masked language models.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, LoraSection, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection,
    TrainDefaults, TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`MaskedLmRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaskedLmKind {
    /// Masked language modeling: the masked tokens of a text.
    MaskedLm,
}

/// Masked language modeling, with an encoder and a masked-LM head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaskedLmRecipe {
    /// The task. It determines the kind of model and the keys of `[data]`.
    pub task: MaskedLmKind,
    /// A pretrained model to start from: a run directory, or a model directory of Crosshead or Hugging Face.
    /// `--init DIR` sets this key. The shape and the tokenizer come from the pretrained model, so `[model]` and
    /// `[tokenizer]` must be empty. A head that the pretrained model lacks, or that has different labels, is
    /// initialized from `train.seed`; the log names its parameters.
    pub init: Option<String>,
    /// The text.
    pub data: MaskedTextSection,
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
}

impl Sections for MaskedLmRecipe {
    const MODEL: ModelKind = ModelKind::Encoder;

    fn lora(&self) -> Option<&LoraSection> {
        self.lora.as_ref()
    }

    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.without_sampling()?;
        self.tokenizer.resolve(TokenizerKind::WordPiece, init)?;
        self.model.resolve(Self::MODEL, init)?;
        self.lora.as_ref().map_or(Ok(()), |lora| lora.check(init, &self.train.freeze))?;
        let metrics = &[&metric::LOSS, &metric::ACCURACY];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::LOSS, metrics };
        self.train.resolve(&defaults)?;
        self.train.without_r_drop()?;
        self.data.check()
    }
}

/// What is masked at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaskUnit {
    /// Single tokens.
    #[default]
    Tokens,
    /// All tokens of a word (whole word masking, as in later versions of BERT).
    WholeWords,
}

/// Running text for masked language modeling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaskedTextSection {
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
    /// Fraction of the tokens that the model must predict. Of these, 80 % are replaced by the mask token, 10 % by
    /// random tokens, and 10 % are left unchanged.
    #[serde(default = "default_masked")]
    pub masked: f64,
    /// What is masked at once.
    #[serde(default)]
    pub unit: MaskUnit,
}

impl MaskedTextSection {
    fn check(&self) -> Result<(), InvalidKey> {
        at_least("data.context", self.context, 3)?;
        match self.masked {
            share if share > 0.0 && share < 1.0 => Ok(()),
            share => Err(InvalidKey::new(
                "data.masked",
                format!("{share}: must be between 0 and 1, exclusive"),
            )),
        }
    }
}

fn default_max_len() -> usize {
    128
}

fn default_masked() -> f64 {
    0.15
}
