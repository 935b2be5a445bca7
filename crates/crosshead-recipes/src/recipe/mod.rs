//! Recipes: everything that decides a run, in one TOML file.

mod data;
mod decode;
mod differences;
mod model;
mod sets;
mod tasks;
mod tokenizer;
mod train;

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use data::{LabelledSection, LongTexts, MaskedTextSection, PairsSection, TextSection};
pub use decode::{DecodeSection, SampleSection};
pub use model::{CausalFamily, ModelSection, Preset};
pub use tasks::{ClassifyRecipe, LanguageModelRecipe, MaskedLmRecipe, TaskKind, TextToTextRecipe};
pub use tokenizer::{TokenizerKind, TokenizerSection};
pub use train::{ScheduleKind, TrainSection};

use crate::Error;
use tasks::Sections;

/// A key and what is wrong with its value.
type Wrong = (String, String);

/// Everything that decides a run: two runs of one recipe give the same bits.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Recipe {
    /// Translation or summarization, by an encoder-decoder.
    TextToText(TextToTextRecipe),
    /// One label for each text, by an encoder with a head.
    Classify(ClassifyRecipe),
    /// The next token of a text, by a decoder-only model.
    LanguageModel(LanguageModelRecipe),
    /// Hidden tokens of a text, by an encoder with a head.
    MaskedLm(MaskedLmRecipe),
}

/// The key that says which sections a recipe has.
#[derive(Deserialize)]
struct Task {
    task: TaskKind,
}

impl Recipe {
    /// Reads a recipe from TOML text, with `sets` of the form `section.key=value` put over it.
    ///
    /// # Errors
    /// If the text is no TOML, a key is unknown or missing, or a value is impossible; the error names line or key.
    pub fn parse(name: &str, text: &str, sets: &[String]) -> Result<Self, Error> {
        Self::read(text, sets).map_err(|reason| Error::Recipe { name: name.to_owned(), reason })
    }

    fn read(text: &str, sets: &[String]) -> Result<Self, String> {
        let Task { task } = put_over::<Task>(text, sets)?;
        Ok(match task {
            TaskKind::Translate | TaskKind::Summarize => Self::TextToText(read(text, sets)?),
            TaskKind::Classify => Self::Classify(read(text, sets)?),
            TaskKind::LanguageModel => Self::LanguageModel(read(text, sets)?),
            TaskKind::MaskedLm => Self::MaskedLm(read(text, sets)?),
        })
    }

    /// Reads a recipe from a file.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and if the file cannot be read.
    pub fn from_file(path: &Path, sets: &[String]) -> Result<Self, Error> {
        let text = crosshead_weights::read_text(path).map_err(Error::io(path))?;
        Self::parse(&path.display().to_string(), &text, sets)
    }

    /// The recipe as TOML with every key.
    pub fn to_toml(&self) -> String {
        toml::to_string(self)
            .unwrap_or_else(|error| unreachable!("a recipe is plain data: {error}"))
    }

    /// The job.
    pub fn task(&self) -> TaskKind {
        match self {
            Self::TextToText(recipe) => recipe.task,
            Self::Classify(recipe) => recipe.task,
            Self::LanguageModel(recipe) => recipe.task,
            Self::MaskedLm(recipe) => recipe.task,
        }
    }

    /// The length and pace of training.
    pub fn train(&self) -> &TrainSection {
        match self {
            Self::TextToText(recipe) => &recipe.train,
            Self::Classify(recipe) => &recipe.train,
            Self::LanguageModel(recipe) => &recipe.train,
            Self::MaskedLm(recipe) => &recipe.train,
        }
    }
}

/// Reads the sections of one kind of recipe.
fn read<R: Sections + DeserializeOwned>(text: &str, sets: &[String]) -> Result<R, String> {
    // The text by itself first: its errors carry line and column.
    put_over::<R>(text, &[])?;
    let mut recipe: R = put_over(text, sets)?;
    recipe.resolve().map_err(|(key, reason)| format!("{key}: {reason}"))?;
    Ok(recipe)
}

/// Reads text with `sets` put over it.
fn put_over<R: DeserializeOwned>(text: &str, sets: &[String]) -> Result<R, String> {
    if sets.is_empty() {
        return toml::from_str(text).map_err(|source| source.to_string());
    }
    let mut table: toml::Table =
        text.parse().map_err(|source: toml::de::Error| source.to_string())?;
    for set in sets {
        sets::apply(&mut table, set).map_err(|reason| format!("--set {set}: {reason}"))?;
    }
    table.try_into().map_err(|source: toml::de::Error| {
        format!("--set {}: {}", sets.join(" --set "), source.message())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "task = \"translate\"\n[data]\ntrain = \"a.tsv\"\nvalid = \"b.tsv\"\n";

    fn parse(text: &str, sets: &[&str]) -> Result<Recipe, Error> {
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
}
