//! Recipes: everything that decides a run, in one TOML file.

mod model;
mod train;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use model::{ModelSection, Preset};
pub use train::{ScheduleKind, Selection, TrainSection};

use crate::Error;

/// The job that a recipe describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Translation of sentences from a file of pairs.
    Translate,
}

/// Everything that decides a run: two runs of one recipe give the same bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The job.
    pub task: TaskKind,
    /// Where the text is.
    pub data: DataSection,
    /// How text becomes ids.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The model's shape.
    #[serde(default)]
    pub model: ModelSection,
    /// The length and pace of training.
    #[serde(default)]
    pub train: TrainSection,
    /// How translations are searched for.
    #[serde(default)]
    pub decode: DecodeSection,
}

/// Where the text is: a path, or `embedded:` and the name of data that the program carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSection {
    /// Pairs to learn from.
    pub train: String,
    /// Pairs by which the best model is chosen.
    pub valid: String,
    /// Pairs that are looked at once, at the end.
    pub test: Option<String>,
    /// Pairs with a side of more tokens than this are left out of training.
    #[serde(default = "DataSection::default_max_len")]
    pub max_len: usize,
}

impl DataSection {
    fn default_max_len() -> usize {
        128
    }
}

/// How text becomes ids: one byte-pair encoding for both languages (Sennrich et al. 2016).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenizerSection {
    /// Pieces of the vocabulary, special ones included.
    pub vocab_size: usize,
}

impl Default for TokenizerSection {
    fn default() -> Self {
        Self { vocab_size: 6000 }
    }
}

/// How translations are searched for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeSection {
    /// Hypotheses followed at once; 1 is greedy search.
    pub beams: usize,
    /// α of the score log p / lenᵅ.
    pub length_penalty: f64,
}

impl Default for DecodeSection {
    fn default() -> Self {
        Self { beams: 4, length_penalty: 1.0 }
    }
}

impl Recipe {
    /// Reads a recipe from TOML text, with `sets` of the form `section.key=value` put over it.
    ///
    /// # Errors
    /// If the text is no TOML, a key is unknown or missing, or a value is impossible; the error names line or key.
    pub fn parse(name: &str, text: &str, sets: &[String]) -> Result<Self, Error> {
        let error = |reason: String| Error::Recipe { name: name.to_owned(), reason };
        // The text by itself first: its errors carry line and column.
        let mut recipe: Self = toml::from_str(text).map_err(|source| error(source.to_string()))?;
        if !sets.is_empty() {
            let mut table: toml::Table =
                text.parse().map_err(|source: toml::de::Error| error(source.to_string()))?;
            for set in sets {
                apply(&mut table, set).map_err(|reason| error(format!("--set {set}: {reason}")))?;
            }
            recipe = table.try_into().map_err(|source: toml::de::Error| {
                error(format!("--set {}: {}", sets.join(" --set "), source.message()))
            })?;
        }
        recipe.check().map_err(|(key, reason)| error(format!("{key}: {reason}")))?;
        Ok(recipe)
    }

    /// Reads a recipe from a file.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and if the file cannot be read.
    pub fn from_file(path: &Path, sets: &[String]) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Self::parse(&path.display().to_string(), &text, sets)
    }

    /// The recipe as TOML with every key.
    pub fn to_toml(&self) -> String {
        toml::to_string(self)
            .unwrap_or_else(|error| unreachable!("a recipe is plain data: {error}"))
    }

    fn check(&self) -> Result<(), (String, String)> {
        let named =
            |section: &str, (key, reason): (&str, String)| (format!("{section}.{key}"), reason);
        self.model
            .resolve(self.tokenizer.vocab_size)
            .check()
            .map_err(|found| named("model", found))?;
        self.train.check().map_err(|found| named("train", found))?;
        let at_least_one =
            [("data.max_len", self.data.max_len), ("decode.beams", self.decode.beams)];
        match at_least_one.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(((*key).to_owned(), "must be at least 1".to_owned())),
            None => Ok(()),
        }
    }
}

/// Puts `section.key=value` into a table; the value is TOML, or else text.
fn apply(table: &mut toml::Table, set: &str) -> Result<(), String> {
    let (path, value) = set.split_once('=').ok_or("is not of the form section.key=value")?;
    let value = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut segments: Vec<&str> = path.trim().split('.').collect();
    let key = segments.pop().filter(|key| !key.is_empty()).ok_or("names no key")?;
    let mut section = table;
    for segment in segments {
        let entry =
            section.entry(segment).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        section = entry.as_table_mut().ok_or_else(|| format!("{segment} is not a section"))?;
    }
    section.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "task = \"translate\"\n[data]\ntrain = \"a.tsv\"\nvalid = \"b.tsv\"\n";

    #[test]
    fn a_resolved_recipe_reads_back_as_itself() {
        let recipe = Recipe::parse("r", MINIMAL, &[]).unwrap();
        assert_eq!(Recipe::parse("r", &recipe.to_toml(), &[]).unwrap(), recipe);
    }

    #[test]
    fn a_set_replaces_one_key() {
        let sets = [
            "train.steps=7".to_owned(),
            "data.train=c d.tsv".to_owned(),
            "model.dropout=0.3".to_owned(),
        ];
        let recipe = Recipe::parse("r", MINIMAL, &sets).unwrap();
        assert_eq!((recipe.train.steps, recipe.data.train.as_str()), (7, "c d.tsv"));
        assert_eq!(recipe.model.dropout, Some(0.3));
    }

    #[test]
    fn errors_name_line_or_key() {
        let message = |text: &str, sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
            Recipe::parse("r", text, &sets).unwrap_err().to_string()
        };
        let unknown = message(&format!("{MINIMAL}[train]\nstepps = 3\n"), &[]);
        assert!(unknown.contains("line 6") && unknown.contains("stepps"), "{unknown}");
        let set = message(MINIMAL, &["train.stepps=3"]);
        assert!(set.contains("train.stepps=3") && set.contains("unknown field"), "{set}");
        let shape = message(MINIMAL, &["model.d_model=10", "model.n_heads=4"]);
        assert!(shape.contains("model.n_heads") && shape.contains("divisible"), "{shape}");
        let missing = message("task = \"translate\"\n", &[]);
        assert!(missing.contains("data"), "{missing}");
    }
}
