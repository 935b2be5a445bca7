//! Training from scratch with defaults: the recipe for a file of pairs.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use toml::{Table as Toml, Value};

use super::FOLDER;
use super::columns::Table;
use super::recipe::{column, path_value};
use super::split::{Data, Parts};
use super::task::{found, given};
use crate::{Recipe, RunError, TaskKind};

/// The number of pairs, counted in every epoch, that a run sees at least.
const PAIRS: usize = 130_000;

/// The limits of the number of epochs.
const EPOCHS: (usize, usize) = (3, 60);

/// The limits of the size of the vocabulary, and the pieces besides single characters.
const VOCABULARY: (usize, usize) = (1000, 8000);
const PIECES: usize = 500;

/// Pairs of the training part for each piece of the vocabulary.
const PAIRS_PER_PIECE: usize = 4;

/// Validations without improvement after which the run ends.
const PATIENCE: i64 = 5;

/// A translation model that is trained from scratch.
#[derive(Clone, Debug)]
pub struct FromScratch {
    /// The pairs.
    pub data: PathBuf,
    /// The run directory. The parts of the data are in its folder `data`.
    pub dir: PathBuf,
    /// The language of the sources, which may be the name of a column.
    pub source_lang: Option<String>,
    /// The language of the targets, which may be the name of a column.
    pub target_lang: Option<String>,
    /// Values of recipe keys, `section.key=value`.
    pub sets: Vec<String>,
}

/// A run from scratch that can start.
#[derive(Debug)]
pub struct Started {
    /// The recipe.
    pub recipe: Recipe,
    /// What was found and decided, for the user.
    pub notes: Vec<String>,
}

impl FromScratch {
    /// Splits the data and makes the recipe. The parts are written to the run directory.
    ///
    /// # Errors
    /// If the file is not a table, it is not clear which columns are the source and the target, or there is too little data.
    pub fn prepare(&self) -> Result<Started, RunError> {
        let languages = [&self.source_lang, &self.target_lang];
        let names: Vec<&str> = languages.iter().filter_map(|code| code.as_deref()).collect();
        let table = Table::open_with(&self.data, &names)?;
        let named = languages.map(|code| table.named(&[code.as_deref()?]));
        let [source, target] = given(&self.sets, ["source", "target"]);
        let [of_source, of_target] = named;
        let columns = table.pair([source.or(of_source), target.or(of_target)])?;
        let mut notes = vec![found(TaskKind::Translate, &columns, ["source", "target"])];

        let names = ["source", "target"];
        let data = Data::Table { columns, names, key: 0, unit: "pairs" };
        let folder = self.dir.join(FOLDER);
        fs::create_dir_all(&folder).map_err(RunError::io(&folder))?;
        let parts = data.split(&self.data, &folder)?;
        notes.push(parts.note(&data, &folder));
        let vocabulary = vocabulary(&parts)?;
        let epochs = PAIRS.div_ceil(parts.n_train.max(1)).clamp(EPOCHS.0, EPOCHS.1);
        notes.push(format!("vocabulary: {vocabulary} pieces; at most {epochs} epochs"));
        let recipe = self.recipe(&data, &parts, vocabulary, epochs)?;
        Ok(Started { recipe, notes })
    }

    fn recipe(
        &self,
        data: &Data,
        parts: &Parts,
        vocabulary: usize,
        epochs: usize,
    ) -> Result<Recipe, RunError> {
        let mut files = Toml::new();
        for (key, path) in [("train", &parts.train), ("valid", &parts.valid), ("test", &parts.test)]
        {
            files.insert(key.to_owned(), path_value(path));
        }
        if let Data::Table { names: [first, second], columns, .. } = data {
            files.insert((*first).to_owned(), column(&columns.first));
            files.insert((*second).to_owned(), column(&columns.second));
        }
        let section = |keys: &[(&str, Value)]| -> Value {
            keys.iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect::<Toml>()
                .into()
        };
        let recipe = [
            ("task", Value::from(TaskKind::Translate.name())),
            ("data", files.into()),
            ("tokenizer", section(&[("vocab_size", Value::from(vocabulary as i64))])),
            ("model", section(&[("preset", "small".into()), ("dropout", 0.1.into())])),
            (
                "train",
                section(&[
                    ("epochs", Value::from(epochs as f64)),
                    ("batch_tokens", 2000.into()),
                    ("peak", 1e-3.into()),
                    ("warmup_share", 0.2.into()),
                    ("label_smoothing", 0.1.into()),
                    ("validate_every", "epoch".into()),
                    ("checkpoint_every", "epoch".into()),
                    ("patience", PATIENCE.into()),
                ]),
            ),
            ("decode", section(&[("beams", 4.into()), ("length_penalty", 1.0.into())])),
        ];
        let recipe: Toml = recipe.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Recipe::parse("--data", &recipe.to_string(), &self.sets)
    }
}

/// The size of the vocabulary: by the number of pairs, and enough for all characters.
fn vocabulary(parts: &Parts) -> Result<usize, RunError> {
    let text = crosshead_files::read_text(&parts.train).map_err(RunError::io(&parts.train))?;
    let characters: HashSet<char> = text.chars().collect();
    let by_pairs = (parts.n_train / PAIRS_PER_PIECE).clamp(VOCABULARY.0, VOCABULARY.1);
    Ok(by_pairs.max(characters.len() + PIECES))
}
