//! The table of tasks, from which recipe types, parsing and job selection are derived.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crosshead_tasks::ModelTask;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::classify::{ClassifyJob, ClassifyKind, ClassifyRecipe};
use super::embed::{EmbedJob, EmbedKind, EmbedRecipe};
use super::language_model::{LanguageModelJob, LanguageModelKind, LanguageModelRecipe};
use super::masked_lm::{MaskedLmJob, MaskedLmKind, MaskedLmRecipe};
use super::span_corruption::{SpanJob, SpanKind, SpanRecipe};
use super::text_to_text::{TextToTextJob, TextToTextKind, TextToTextRecipe};
use super::token_classify::{TokenClassifyJob, TokenClassifyKind, TokenClassifyRecipe};
use crate::RunError;
use crate::job::{Job, Visitor};
use crate::recipe::{
    KeySchema, LoraSection, ModelKind, ReadError, Sections as _, TrainSection, has_key, keys, read,
    read_as_is, to_toml,
};

/// Registers the tasks. Each kind of recipe has its sections, its job and the enum of its tasks; each task has its name
/// in recipes.
macro_rules! tasks {
    ($(
        $(#[$meta:meta])*
        $Variant:ident($Sections:ident, $Job:ident, $Kinds:ident) {
            $( $(#[$kind_meta:meta])* $Kind:ident = $name:literal, )+
        }
    )+) => {
        /// The task that a recipe trains a model for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum TaskKind {
            $($( $(#[$kind_meta])* #[serde(rename = $name)] $Kind, )+)+
        }

        impl TaskKind {
            /// Every task.
            pub const ALL: &'static [Self] = &[$($(Self::$Kind,)+)+];

            /// Its name in recipes and on the command line.
            pub fn name(self) -> &'static str {
                match self { $($(Self::$Kind => $name,)+)+ }
            }

            /// The name of the kind of recipe.
            fn sections(self) -> &'static str {
                match self { $($(Self::$Kind)|+ => stringify!($Variant),)+ }
            }
        }

        $(impl From<$Kinds> for TaskKind {
            fn from(kind: $Kinds) -> Self {
                match kind { $($Kinds::$Kind => Self::$Kind,)+ }
            }
        })+

        /// A complete description of a run: two runs of the same recipe give bitwise identical results.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Recipe {
            $( $(#[$meta])* $Variant($Sections), )+
        }

        impl Recipe {
            fn read_sections(
                task: TaskKind,
                text: &str,
                sets: &[String],
            ) -> Result<Self, ReadError> {
                Ok(match task {
                    $($(TaskKind::$Kind)|+ => Self::$Variant(read::<$Sections>(text, sets)?),)+
                })
            }

            /// Checks the keys of a text without `--set`; the error has line and column.
            fn check_text(task: TaskKind, text: &str) -> Result<(), ReadError> {
                match task {
                    $($(TaskKind::$Kind)|+ => read_as_is::<$Sections>(text, &[]).map(drop),)+
                }
            }

            /// The keys that a recipe for a task can have.
            pub(crate) fn keys(task: TaskKind) -> Vec<KeySchema> {
                let mut keys = match task {
                    $($(TaskKind::$Kind)|+ => keys::<$Sections>(),)+
                };
                let kind = Self::model_kind(task);
                keys.retain(|key| {
                    key.path.strip_prefix("model.").is_none_or(|name| has_key(kind, name))
                });
                keys
            }

            /// The kind of model that a task trains.
            pub(crate) fn model_kind(task: TaskKind) -> ModelKind {
                match task {
                    $($(TaskKind::$Kind)|+ => $Sections::MODEL,)+
                }
            }

            /// The task.
            pub fn task(&self) -> TaskKind {
                match self { $(Self::$Variant(recipe) => recipe.task.into(),)+ }
            }

            /// The `[train]` section.
            pub fn train(&self) -> &TrainSection {
                match self { $(Self::$Variant(recipe) => &recipe.train,)+ }
            }

            /// The same recipe with another `[train]` section.
            pub(crate) fn with_train(&self, train: TrainSection) -> Self {
                match self {
                    $(Self::$Variant(recipe) => {
                        Self::$Variant($Sections { train, ..recipe.clone() })
                    })+
                }
            }

            /// The pretrained model that training starts from: `init`.
            pub fn init(&self) -> Option<&str> {
                match self { $(Self::$Variant(recipe) => recipe.init.as_deref(),)+ }
            }

            /// The `[lora]` section.
            pub fn lora(&self) -> Option<&LoraSection> {
                match self { $(Self::$Variant(recipe) => recipe.lora(),)+ }
            }

            /// The recipe with the keys that its pretrained model fills; a recipe that resumes `run` takes them from that run.
            ///
            /// # Errors
            /// If the pretrained model cannot be read.
            pub(crate) fn completed(&self, run: Option<&Self>) -> Result<Self, RunError> {
                Ok(match self {
                    $(Self::$Variant(recipe) => {
                        let run = match run {
                            Some(Self::$Variant(run)) => Some(run),
                            Some(_) | None => None,
                        };
                        Self::$Variant($Job::completed(recipe, run)?)
                    })+
                })
            }

            /// Calls a visitor with the recipe's job.
            pub(crate) fn visit<V: Visitor>(&self, visitor: V) -> V::Output {
                match self { $(Self::$Variant(recipe) => visitor.visit::<$Job>(recipe),)+ }
            }
        }
    };
}

tasks! {
    /// Translation or summarization, with an encoder-decoder.
    TextToText(TextToTextRecipe, TextToTextJob, TextToTextKind) {
        /// Translation.
        Translate = "translate",
        /// Summarization.
        Summarize = "summarize",
    }
    /// Text classification, with an encoder and a classification head.
    Classify(ClassifyRecipe, ClassifyJob, ClassifyKind) {
        /// Text classification.
        Classify = "classify",
    }
    /// Token classification, with an encoder and a classification head.
    TokenClassify(TokenClassifyRecipe, TokenClassifyJob, TokenClassifyKind) {
        /// Token classification.
        TokenClassify = "token-classify",
    }
    /// Sentence embeddings, with an encoder and pooling.
    Embed(EmbedRecipe, EmbedJob, EmbedKind) {
        /// Sentence embeddings.
        Embed = "embed",
    }
    /// Causal language modeling, with a decoder-only model.
    LanguageModel(LanguageModelRecipe, LanguageModelJob, LanguageModelKind) {
        /// Causal language modeling.
        LanguageModel = "language-model",
    }
    /// Masked language modeling, with an encoder and a masked-LM head.
    MaskedLm(MaskedLmRecipe, MaskedLmJob, MaskedLmKind) {
        /// Masked language modeling.
        MaskedLm = "masked-lm",
    }
    /// Pre-training of an encoder-decoder by span corruption.
    SpanCorruption(SpanRecipe, SpanJob, SpanKind) {
        /// Span corruption.
        SpanCorruption = "span-corruption",
    }
}

impl TaskKind {
    /// The task that a model is trained for.
    pub fn of_model(task: ModelTask) -> Self {
        match task {
            ModelTask::Translation => Self::Translate,
            ModelTask::Summarization => Self::Summarize,
            ModelTask::Classification => Self::Classify,
            ModelTask::TokenClassification => Self::TokenClassify,
            ModelTask::Generation => Self::LanguageModel,
            ModelTask::FillMask => Self::MaskedLm,
            ModelTask::Embedding => Self::Embed,
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An unknown task name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown task `{0}`")]
pub struct UnknownTask(String);

impl FromStr for TaskKind {
    type Err = UnknownTask;

    fn from_str(name: &str) -> Result<Self, UnknownTask> {
        let mut tasks = Self::ALL.iter().copied();
        tasks.find(|task| task.name() == name).ok_or_else(|| UnknownTask(name.to_owned()))
    }
}

/// The key that determines which sections a recipe has.
#[derive(Deserialize, JsonSchema)]
struct Task {
    task: TaskKind,
}

impl Recipe {
    /// Reads a recipe from TOML text. `sets` of the form `section.key=value` override its values.
    ///
    /// # Errors
    /// If the text is not TOML, a key is unknown or missing, or a value is invalid. The error names the line or the
    /// key, and suggests the closest valid key for an unknown one.
    pub fn parse(name: &str, text: &str, sets: &[String]) -> Result<Self, RunError> {
        let invalid = |error: ReadError| RunError::Recipe {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        Self::read(text, sets).map_err(invalid)
    }

    fn read(text: &str, sets: &[String]) -> Result<Self, ReadError> {
        let Task { task } = read_as_is(text, sets)?;
        // Parse the text without `sets` first: its errors have line and column. `--set task=…` may need other sections.
        let own = read_as_is::<Task>(text, &[]).map_or(task, |own| own.task);
        if own.sections() == task.sections() {
            Self::check_text(task, text)?;
        }
        Self::read_sections(task, text, sets)
    }

    /// Reads a recipe from a file.
    ///
    /// # Errors
    /// See [`parse`](Self::parse); also if the file cannot be read.
    pub fn from_file(path: &Path, sets: &[String]) -> Result<Self, RunError> {
        let text = crosshead_files::read_text(path).map_err(RunError::io(path))?;
        Self::parse(&path.display().to_string(), &text, sets)
    }

    /// The recipe as TOML with every key.
    pub fn to_toml(&self) -> String {
        to_toml(self)
    }
}
