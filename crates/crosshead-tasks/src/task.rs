//! Any model at its task.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{Head, ModelDirectory, read_json};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Classifier, Embedder, FillMask, Generator, Summarizer, TaskError, Translator, model_directory,
};

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelTask {
    /// A translation for each sentence.
    Translation,
    /// A summary for each document.
    Summarization,
    /// A score of each label for each text.
    Classification,
    /// The continuation of a prompt.
    Generation,
    /// Words for the masks of a text.
    FillMask,
    /// A vector for each text.
    Embedding,
}

impl ModelTask {
    /// What the model of a model directory or run directory is for; none where its head is for none of the tasks. No weight is
    /// read.
    ///
    /// An encoder-decoder summarizes if the run's recipe says so, or without a run if the `task_specific_params` of its
    /// `config.json` are for summarization and not for translation too; otherwise it translates.
    ///
    /// # Errors
    /// If the directory holds no model, or a file of it is missing or malformed.
    pub fn of(dir: &Path) -> Result<Option<Self>, TaskError> {
        let model = match model_directory(dir) {
            Ok(model) => model,
            // sentence-transformers may have the encoder in a folder of its own.
            Err(_) if dir.join("modules.json").is_file() => return Ok(Some(Self::Embedding)),
            Err(error) => return Err(error),
        };
        Ok(match ModelDirectory::open(&model)?.head {
            Head::Seq2SeqLm if summarizes(dir, &model)? => Some(Self::Summarization),
            Head::Seq2SeqLm => Some(Self::Translation),
            Head::SequenceClassifier => Some(Self::Classification),
            Head::CausalLm => Some(Self::Generation),
            Head::MaskedLm => Some(Self::FillMask),
            Head::Encoder => Some(Self::Embedding),
            Head::TokenClassifier => None,
        })
    }
}

/// A trained model at its task.
#[derive(Debug)]
pub enum Task {
    /// Translation.
    Translate(Translator),
    /// Summarization.
    Summarize(Summarizer),
    /// Classification.
    Classify(Classifier),
    /// Generation.
    Generate(Generator),
    /// Words for masks.
    FillMask(FillMask),
    /// Embedding.
    Embed(Embedder),
}

/// Loads the model of a model directory or run directory for what it is for, which [`ModelTask::of`] says.
///
/// # Errors
/// If the directory holds no model, its head is for none of the tasks, or a file of it is missing or malformed.
pub fn open(dir: impl AsRef<Path>, device: &Device) -> Result<Task, TaskError> {
    let dir = dir.as_ref();
    let task = ModelTask::of(dir)?.ok_or_else(|| TaskError::NoTask(dir.to_owned()))?;
    Ok(match task {
        ModelTask::Translation => Task::Translate(Translator::from_pretrained(dir, device)?),
        ModelTask::Summarization => Task::Summarize(Summarizer::from_pretrained(dir, device)?),
        ModelTask::Classification => Task::Classify(Classifier::from_pretrained(dir, device)?),
        ModelTask::Generation => Task::Generate(Generator::from_pretrained(dir, device)?),
        ModelTask::FillMask => Task::FillMask(FillMask::from_pretrained(dir, device)?),
        ModelTask::Embedding => Task::Embed(Embedder::from_pretrained(dir, device)?),
    })
}

/// The key of a run's recipe that names its task.
#[derive(Deserialize)]
struct RunRecipe {
    task: String,
}

/// The keys of `config.json` that say what an encoder-decoder is for.
#[derive(Deserialize)]
struct ConfigTasks {
    #[serde(default)]
    task_specific_params: Option<Map<String, Value>>,
}

/// Whether the encoder-decoder in `model` is there to summarize, by the recipe of its run in `dir` or by its `config.json`.
fn summarizes(dir: &Path, model: &Path) -> Result<bool, TaskError> {
    let path = dir.join("recipe.toml");
    let wrong = |reason: String| TaskError::RunRecipe { path: path.clone(), reason };
    match fs::read_to_string(&path) {
        Ok(text) => {
            // Some editors begin a file with a byte order mark.
            let text = text.trim_start_matches('\u{feff}');
            let recipe: RunRecipe =
                toml::from_str(text).map_err(|source| wrong(source.to_string()))?;
            return Ok(recipe.task == "summarize");
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(wrong(error.to_string())),
    }
    let config: ConfigTasks = read_json(&model.join("config.json"))?;
    let tasks = config.task_specific_params.unwrap_or_default();
    let is_for = |task: &str| tasks.keys().any(|key| key.starts_with(task));
    Ok(is_for("summarization") && !is_for("translation"))
}
