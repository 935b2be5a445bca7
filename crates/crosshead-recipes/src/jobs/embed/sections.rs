//! The recipe of sentence embeddings.

use crosshead_data::Column;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, LoraSection, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection,
    TrainDefaults, TrainSection, at_least,
};
use crate::report::{Metric, metric};

/// The task of an [`EmbedRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EmbedKind {
    /// Sentence embeddings: one vector per text, with a high cosine for texts that belong together.
    Embed,
}

/// Sentence embeddings, with an encoder and pooling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbedRecipe {
    /// The task. It determines the kind of model and the keys of `[data]`.
    pub task: EmbedKind,
    /// A pretrained model to start from: a run directory, or a model directory of Crosshead or Hugging Face.
    /// `--init DIR` sets this key. The shape and the tokenizer come from the pretrained model, so `[model]` and
    /// `[tokenizer]` must be empty. A head that the pretrained model lacks, or that has different labels, is
    /// initialized from `train.seed`; the log names its parameters.
    pub init: Option<String>,
    /// The texts that belong together.
    pub data: RankedSection,
    /// The tokenizer.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The shape of the model.
    #[serde(default)]
    pub model: ModelSection,
    /// Training.
    #[serde(default)]
    pub train: TrainSection,
}

impl Sections for EmbedRecipe {
    const MODEL: ModelKind = ModelKind::Encoder;

    fn lora(&self) -> Option<&LoraSection> {
        None
    }

    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.without_sampling()?;
        self.tokenizer.resolve(TokenizerKind::WordPiece, init)?;
        self.model.resolve(Self::MODEL, init)?;
        let (select, metrics): (_, &[&Metric]) = match self.data.score {
            Some(_) => (&metric::SPEARMAN, &[&metric::SPEARMAN]),
            None => (&metric::ACCURACY, &[&metric::LOSS, &metric::ACCURACY]),
        };
        let defaults = TrainDefaults { label_smoothing: 0.0, select, metrics };
        self.train.resolve(&defaults)?;
        self.train.without_r_drop()?;
        let unused = [
            ("label_smoothing", self.train.label_smoothing != Some(0.0)),
            ("z_loss", self.train.z_loss != 0.0),
        ];
        if let Some((key, _)) = unused.iter().find(|(_, is_set)| *is_set) {
            let reason = "the ranking loss does not support it; remove this key";
            return Err(InvalidKey::new(format!("train.{key}"), reason));
        }
        self.data.check()
    }
}

/// Pairs of texts that belong together, such as a question and its answer. The other texts of a batch are the negatives of a
/// pair, so a larger batch makes a harder task: see `train.batch_examples`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankedSection {
    /// Training data.
    pub train: String,
    /// Validation data, used to select the best model.
    pub valid: String,
    /// Test data. The best model is evaluated on it once, at the end of the run.
    pub test: Option<String>,
    /// Column of the first text.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    #[serde(default = "first")]
    pub anchor: Column,
    /// Column of the text that belongs to it.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    #[serde(default = "second")]
    pub positive: Column,
    /// Column of a text that does not belong to it (a hard negative). By default the negatives are the other texts of the batch
    /// only. Not read from `valid` and `test`.
    #[schemars(with = "Option<String>", extend("type" = ["integer", "string"]))]
    pub negative: Option<Column>,
    /// Column of the similarity of the two texts in `valid` and `test`, a number. Then the model is selected and evaluated by
    /// Spearman's correlation with the cosine, otherwise by how often the text that belongs to an anchor is the nearest of all
    /// (`accuracy`). Not read from `train`.
    #[schemars(with = "Option<String>", extend("type" = ["integer", "string"]))]
    pub score: Option<Column>,
    /// Scale of the cosines in the loss, the inverse of a temperature.
    #[serde(default = "default_scale")]
    pub scale: f64,
    /// Maximum number of tokens in a text, including special tokens. Longer texts are truncated, and the log counts them.
    /// The default is that of the pretrained model, or its number of positions.
    pub max_len: Option<usize>,
}

impl RankedSection {
    fn check(&self) -> Result<(), InvalidKey> {
        if !(self.scale.is_finite() && self.scale > 0.0) {
            let reason = format!("{}: must be a number above 0", self.scale);
            return Err(InvalidKey::new("data.scale", reason));
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

fn default_scale() -> f64 {
    20.0
}
