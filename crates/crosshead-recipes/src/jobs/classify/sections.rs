//! The recipe of text classification.

use crosshead_data::{Column, LabelSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, LoraSection, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection,
    TrainDefaults, TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`ClassifyRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClassifyKind {
    /// Text classification: one label per text.
    Classify,
}

/// Text classification, with an encoder and a classification head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassifyRecipe {
    /// The task. It determines the kind of model and the keys of `[data]`.
    pub task: ClassifyKind,
    /// A pretrained model to start from: a run directory, or a model directory of Crosshead or Hugging Face.
    /// `--init DIR` sets this key. The shape and the tokenizer come from the pretrained model, so `[model]` and
    /// `[tokenizer]` must be empty. A head that the pretrained model lacks, or that has different labels, is
    /// initialized from `train.seed`; the log names its parameters.
    pub init: Option<String>,
    /// The labeled texts.
    pub data: LabelledSection,
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

impl Sections for ClassifyRecipe {
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
        let metrics = &[&metric::LOSS, &metric::ACCURACY, &metric::MACRO_F1];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::ACCURACY, metrics };
        self.train.resolve(&defaults)?;
        self.data.check()
    }
}

/// Labeled texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelledSection {
    /// Training data.
    pub train: String,
    /// Validation data, used to select the best model.
    pub valid: String,
    /// Test data. The best model is evaluated on it once, at the end of the run.
    pub test: Option<String>,
    /// Column of the label.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    #[serde(default = "first")]
    pub label: Column,
    /// Column of the text.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    #[serde(default = "second")]
    pub text: Column,
    /// Column of a second text, which is classified together with the first, as in `[CLS] text [SEP] second [SEP]`. By default
    /// each example is one text.
    #[schemars(with = "Option<String>", extend("type" = ["integer", "string"]))]
    pub text_pair: Option<Column>,
    /// The labels as they appear in the files, numbers or names, in the order of the classes. By default, these are the
    /// labels of `data.train`, sorted; whole numbers are sorted numerically.
    pub labels: Option<Vec<String>>,
    /// The names of the labels in the model (`id2label`), in the order of `labels`. By default, they are the labels
    /// themselves.
    pub names: Option<Vec<String>>,
    /// Maximum number of tokens in a text, including special tokens. Longer texts are truncated, and the log counts
    /// them. The default is the number of positions of the model.
    pub max_len: Option<usize>,
}

impl LabelledSection {
    /// The names of these labels in the model.
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
