//! The sections of each kind of task.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::data::{LabelledSection, LongTexts, MaskedTextSection, PairsSection, TextSection};
use super::model::Kind;
use super::tokenizer::TokenizerKind;
use super::train::TrainDefaults;
use super::{DecodeSection, ModelSection, SampleSection, TokenizerSection, TrainSection, Wrong};
use crate::report::metric;

/// The job that a recipe describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Translation of sentences.
    Translate,
    /// Short texts that say what long ones are about.
    Summarize,
    /// One label for each text.
    Classify,
    /// The next token of a text.
    LanguageModel,
    /// Hidden tokens of a text.
    MaskedLm,
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Translate => "translate",
            Self::Summarize => "summarize",
            Self::Classify => "classify",
            Self::LanguageModel => "language-model",
            Self::MaskedLm => "masked-lm",
        })
    }
}

/// What a kind of recipe fills in and checks once it is read.
pub(super) trait Sections {
    /// Fills absent keys with the task's defaults.
    ///
    /// # Errors
    /// The first key whose value is impossible, and why.
    fn resolve(&mut self) -> Result<(), Wrong>;
}

/// Translation or summarization, by an encoder-decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextToTextRecipe {
    /// The job.
    pub task: TaskKind,
    /// A pretrained model to start from: a model directory or a run directory.
    pub init: Option<String>,
    /// Where the pairs are.
    pub data: PairsSection,
    /// How text becomes ids: one vocabulary for both sides.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The model's shape.
    #[serde(default)]
    pub model: ModelSection,
    /// The length and pace of training.
    #[serde(default)]
    pub train: TrainSection,
    /// How texts are searched for.
    #[serde(default)]
    pub decode: DecodeSection,
}

impl Sections for TextToTextRecipe {
    fn resolve(&mut self) -> Result<(), Wrong> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::Bpe, init)?;
        self.model.resolve(Kind::EncoderDecoder, init)?;
        let (select, figures, long): (_, &[_], _) = match self.task {
            TaskKind::Summarize => (
                &metric::ROUGE_L,
                &[&metric::LOSS, &metric::ROUGE_1, &metric::ROUGE_2, &metric::ROUGE_L],
                LongTexts::Truncate,
            ),
            _ => (&metric::BLEU, &[&metric::LOSS, &metric::BLEU], LongTexts::Drop),
        };
        self.data.long.get_or_insert(long);
        resolve_train(&mut self.train, TrainDefaults { label_smoothing: 0.1, select, figures })?;
        self.data.resolve(init)?;
        self.decode.resolve(init)
    }
}

/// One label for each text, by an encoder with a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifyRecipe {
    /// The job.
    pub task: TaskKind,
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
    fn resolve(&mut self) -> Result<(), Wrong> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::WordPiece, init)?;
        self.model.resolve(Kind::Encoder, init)?;
        let figures = &[&metric::LOSS, &metric::ACCURACY, &metric::MACRO_F1];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::ACCURACY, figures };
        resolve_train(&mut self.train, defaults)?;
        self.data.check()
    }
}

/// The next token of a text, by a decoder-only model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageModelRecipe {
    /// The job.
    pub task: TaskKind,
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
    fn resolve(&mut self) -> Result<(), Wrong> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::ByteBpe, init)?;
        self.model.resolve(Kind::Causal, init)?;
        let figures = &[&metric::LOSS];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::LOSS, figures };
        resolve_train(&mut self.train, defaults)?;
        self.data.check()?;
        self.sample.check()
    }
}

/// Hidden tokens of a text, by an encoder with a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskedLmRecipe {
    /// The job.
    pub task: TaskKind,
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
    fn resolve(&mut self) -> Result<(), Wrong> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::WordPiece, init)?;
        self.model.resolve(Kind::Encoder, init)?;
        let figures = &[&metric::LOSS, &metric::ACCURACY];
        let defaults = TrainDefaults { label_smoothing: 0.0, select: &metric::LOSS, figures };
        resolve_train(&mut self.train, defaults)?;
        self.data.check()
    }
}

fn resolve_train(train: &mut TrainSection, defaults: TrainDefaults) -> Result<(), Wrong> {
    train.resolve(&defaults).map_err(|(key, reason)| (format!("train.{key}"), reason))
}
