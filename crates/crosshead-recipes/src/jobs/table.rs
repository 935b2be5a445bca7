//! The table of tasks, from which the recipes, their parsing and the choice of the job follow.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crosshead_tasks::ModelTask;
use serde::{Deserialize, Serialize};

use super::classify::{ClassifyJob, ClassifyKind, ClassifyRecipe};
use super::language_model::{LanguageModelJob, LanguageModelKind, LanguageModelRecipe};
use super::masked_lm::{MaskedLmJob, MaskedLmKind, MaskedLmRecipe};
use super::text_to_text::{TextToTextJob, TextToTextKind, TextToTextRecipe};
use crate::RunError;
use crate::job::{Job, Visitor};
use crate::recipe::{ReadError, TrainSection, read, read_as_is};

/// Registers the tasks: for each kind of recipe its sections, its job and the enum of the tasks that it can have, and each of
/// those by its name in recipes.
macro_rules! tasks {
    ($(
        $(#[$meta:meta])*
        $Variant:ident($Sections:ident, $Job:ident, $Kinds:ident) {
            $( $(#[$kind_meta:meta])* $Kind:ident = $name:literal, )+
        }
    )+) => {
        /// The task that a recipe trains a model for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

        /// Everything that decides a run: two runs of one recipe give the same bits.
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

            /// Whether text alone has the keys of a task; the error carries line and column.
            fn check_text(task: TaskKind, text: &str) -> Result<(), ReadError> {
                match task {
                    $($(TaskKind::$Kind)|+ => read_as_is::<$Sections>(text, &[]).map(drop),)+
                }
            }

            /// The task.
            pub fn task(&self) -> TaskKind {
                match self { $(Self::$Variant(recipe) => recipe.task.into(),)+ }
            }

            /// The length and pace of training.
            pub fn train(&self) -> &TrainSection {
                match self { $(Self::$Variant(recipe) => &recipe.train,)+ }
            }

            /// The recipe with the keys that its pretrained model fills. One that resumes `run` has those of the run.
            ///
            /// # Errors
            /// If the pretrained model can't be read.
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

            /// Does something with the recipe's job.
            pub(crate) fn visit<V: Visitor>(&self, visitor: V) -> V::Output {
                match self { $(Self::$Variant(recipe) => visitor.visit::<$Job>(recipe),)+ }
            }
        }
    };
}

tasks! {
    /// Translation or summarization, by an encoder-decoder.
    TextToText(TextToTextRecipe, TextToTextJob, TextToTextKind) {
        /// Translation of sentences.
        Translate = "translate",
        /// Short texts that say what long ones are about.
        Summarize = "summarize",
    }
    /// One label for each text, by an encoder with a head.
    Classify(ClassifyRecipe, ClassifyJob, ClassifyKind) {
        /// One label for each text.
        Classify = "classify",
    }
    /// The next token of a text, by a decoder-only model.
    LanguageModel(LanguageModelRecipe, LanguageModelJob, LanguageModelKind) {
        /// The next token of a text.
        LanguageModel = "language-model",
    }
    /// Hidden tokens of a text, by an encoder with a head.
    MaskedLm(MaskedLmRecipe, MaskedLmJob, MaskedLmKind) {
        /// Hidden tokens of a text.
        MaskedLm = "masked-lm",
    }
}

impl TaskKind {
    /// The task that a model is trained for; none for embedding, which no recipe trains.
    pub fn of_model(task: ModelTask) -> Option<Self> {
        match task {
            ModelTask::Translation => Some(Self::Translate),
            ModelTask::Summarization => Some(Self::Summarize),
            ModelTask::Classification => Some(Self::Classify),
            ModelTask::Generation => Some(Self::LanguageModel),
            ModelTask::FillMask => Some(Self::MaskedLm),
            ModelTask::Embedding => None,
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no task has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no task {0}")]
pub struct UnknownTask(String);

impl FromStr for TaskKind {
    type Err = UnknownTask;

    fn from_str(name: &str) -> Result<Self, UnknownTask> {
        let mut tasks = Self::ALL.iter().copied();
        tasks.find(|task| task.name() == name).ok_or_else(|| UnknownTask(name.to_owned()))
    }
}

/// The key that says which sections a recipe has.
#[derive(Deserialize)]
struct Task {
    task: TaskKind,
}

impl Recipe {
    /// Reads a recipe from TOML text, with `sets` of the form `section.key=value` in place of its values.
    ///
    /// # Errors
    /// If the text is not TOML, a key is unknown or missing, or a value is impossible; the error names line or key.
    pub fn parse(name: &str, text: &str, sets: &[String]) -> Result<Self, RunError> {
        let invalid = |error: ReadError| RunError::Recipe {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        Self::read(text, sets).map_err(invalid)
    }

    fn read(text: &str, sets: &[String]) -> Result<Self, ReadError> {
        let Task { task } = read_as_is(text, sets)?;
        // The text by itself first: its errors carry line and column. A `--set task=…` may ask for other sections.
        let own = read_as_is::<Task>(text, &[]).map_or(task, |own| own.task);
        if own.sections() == task.sections() {
            Self::check_text(task, text)?;
        }
        Self::read_sections(task, text, sets)
    }

    /// Reads a recipe from a file.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and if the file can't be read.
    pub fn from_file(path: &Path, sets: &[String]) -> Result<Self, RunError> {
        let text = crosshead_files::read_text(path).map_err(RunError::io(path))?;
        Self::parse(&path.display().to_string(), &text, sets)
    }

    /// The recipe as TOML with every key.
    pub fn to_toml(&self) -> String {
        toml::to_string(self)
            .unwrap_or_else(|error| unreachable!("a recipe is plain data: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "task = \"translate\"\n[data]\ntrain = \"a.tsv\"\nvalid = \"b.tsv\"\n";

    fn parse(text: &str, sets: &[&str]) -> Result<Recipe, RunError> {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        Recipe::parse("r", text, &sets)
    }

    #[test]
    fn a_resolved_recipe_reads_back_as_itself() {
        let recipe = parse(MINIMAL, &[]).unwrap();
        assert_eq!(parse(&recipe.to_toml(), &[]).unwrap(), recipe);
    }

    #[test]
    fn a_set_replaces_one_key() {
        let sets = ["train.steps=7", "data.train=c d.tsv", "model.dropout=0.3"];
        let Recipe::TextToText(recipe) = parse(MINIMAL, &sets).unwrap() else { panic!() };
        assert_eq!((recipe.train.steps, recipe.data.train.as_str()), (7, "c d.tsv"));
        assert_eq!(recipe.model.dropout, Some(0.3));
    }

    #[test]
    fn errors_name_line_or_key() {
        let message = |text: &str, sets: &[&str]| parse(text, sets).unwrap_err().to_string();
        let unknown = message(&format!("{MINIMAL}[train]\nstepps = 3\n"), &[]);
        assert!(unknown.contains("line 6") && unknown.contains("stepps"), "{unknown}");
        let set = message(MINIMAL, &["train.stepps=3"]);
        assert!(set.contains("train.stepps=3") && set.contains("unknown field"), "{set}");
        let shape = message(MINIMAL, &["model.d_model=10", "model.n_heads=4"]);
        assert!(shape.contains("model.n_heads") && shape.contains("divisible"), "{shape}");
        let missing = message("task = \"translate\"\n", &[]);
        assert!(missing.contains("data"), "{missing}");
        let task = message("task = \"fly\"\n", &[]);
        assert!(task.contains("fly") && task.contains("translate"), "{task}");
        let figure = message(MINIMAL, &["train.select=rouge_l"]);
        assert!(figure.contains("train.select") && figure.contains("bleu"), "{figure}");
        let both = message(MINIMAL, &["train.batch_tokens=100", "train.batch_examples=8"]);
        assert!(both.contains("train.batch_examples"), "{both}");
    }

    #[test]
    fn a_pretrained_model_brings_its_shape_and_its_tokenizer() {
        let message = |sets: &[&str]| parse(MINIMAL, sets).unwrap_err().to_string();
        assert!(parse(MINIMAL, &["init=some/dir", "train.steps=3"]).is_ok());
        let shape = message(&["init=some/dir", "model.d_model=64"]);
        assert!(shape.contains("model.d_model") && shape.contains("init"), "{shape}");
        let vocabulary = message(&["init=some/dir", "tokenizer.vocab_size=64"]);
        assert!(vocabulary.contains("tokenizer.vocab_size"), "{vocabulary}");
    }

    #[test]
    fn every_task_is_read_by_its_name() {
        for &task in TaskKind::ALL {
            assert_eq!(task.name().parse(), Ok(task));
            let text = format!("task = \"{task}\"\n[data]\ntrain = \"a\"\nvalid = \"b\"\n");
            let recipe = parse(&text, &[]).unwrap();
            assert_eq!(recipe.task(), task);
            assert!(recipe.to_toml().starts_with(&format!("task = \"{task}\"\n")));
        }
        assert!("fly".parse::<TaskKind>().is_err());
    }

    #[test]
    fn another_task_may_be_set_over_the_texts_own() {
        let task = |sets: &[&str]| parse(MINIMAL, sets).map(|recipe| recipe.task());
        assert_eq!(task(&["task=summarize"]).unwrap(), TaskKind::Summarize);
        assert_eq!(task(&["task=classify"]).unwrap(), TaskKind::Classify);
        let message = task(&["task=classify", "data.source=1"]).unwrap_err().to_string();
        assert!(message.contains("unknown field `source`"), "{message}");
    }
}
