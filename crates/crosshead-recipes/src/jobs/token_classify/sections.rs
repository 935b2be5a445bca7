//! The recipe of token classification.

use crosshead_data::{Column, TagColumns};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, LoraSection, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection,
    TrainDefaults, TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`TokenClassifyRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenClassifyKind {
    /// Token classification, such as named entity recognition: one label per word.
    TokenClassify,
}

/// Token classification, with an encoder and a classification head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenClassifyRecipe {
    /// The task. It determines the kind of model and the keys of `[data]`.
    pub task: TokenClassifyKind,
    /// A pretrained model to start from: a run directory, or a model directory of Crosshead or Hugging Face.
    /// `--init DIR` sets this key. The shape and the tokenizer come from the pretrained model, so `[model]` and
    /// `[tokenizer]` must be empty. A head that the pretrained model lacks, or that has different labels, is
    /// initialized from `train.seed`; the log names its parameters.
    pub init: Option<String>,
    /// The tagged sentences.
    pub data: TaggedSection,
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

impl Sections for TokenClassifyRecipe {
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
        let metrics =
            &[&metric::LOSS, &metric::F1, &metric::PRECISION, &metric::RECALL, &metric::ACCURACY];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::F1, metrics };
        self.train.resolve(&defaults)?;
        self.train.without_r_drop()?;
        at_least("data.max_len", self.data.max_len.unwrap_or(usize::MAX), 3)
    }
}

/// Sentences whose words have tags: CoNLL columns (a word per line, a blank line after each sentence) or JSONL (a list of words
/// and a list of tags per line).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaggedSection {
    /// Training data.
    pub train: String,
    /// Validation data, used to select the best model.
    pub valid: String,
    /// Test data. The best model is evaluated on it once, at the end of the run.
    pub test: Option<String>,
    /// Column of the words, in JSONL the field with the list of words. By default the first column, in JSONL `tokens`.
    #[schemars(with = "Option<String>", extend("type" = ["integer", "string"]))]
    pub words: Option<Column>,
    /// Column of the tags, in JSONL the field with the list of tags. By default the last column, in JSONL `tags`.
    #[schemars(with = "Option<String>", extend("type" = ["integer", "string"]))]
    pub tags: Option<Column>,
    /// The tags as they are in the files, in the order of the classes. By default the tags of `data.train`, sorted. The score of
    /// entities expects tags such as `B-PER`, `I-PER` and `O`.
    pub labels: Option<Vec<String>>,
    /// Maximum number of tokens in a sentence, including special tokens. Longer sentences are truncated, and the log counts
    /// them. The default is the number of positions of the model.
    pub max_len: Option<usize>,
}

impl TaggedSection {
    /// The columns of words and tags.
    pub(super) fn columns(&self) -> TagColumns {
        TagColumns { words: self.words.clone(), tags: self.tags.clone() }
    }
}
