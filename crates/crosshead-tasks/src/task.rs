//! Opens any model for its task.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{ComputeType, Head, read_json};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Classifier, Embedder, FillMask, Generator, Summarizer, Tagger, TaskError, Translator,
    model_files,
};

/// The task of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelTask {
    /// Translation.
    Translation,
    /// Summarization.
    Summarization,
    /// Text classification.
    Classification,
    /// Token classification.
    TokenClassification,
    /// Text generation.
    Generation,
    /// Filling masks.
    FillMask,
    /// Sentence embedding.
    Embedding,
}

impl ModelTask {
    /// The task of a model directory or run directory, by the model's head. Reads no weights.
    ///
    /// The task of an encoder-decoder comes from the run's recipe. Without a run, it is summarization if
    /// `task_specific_params` in `config.json` contains summarization but not translation; otherwise it is translation.
    ///
    /// # Errors
    /// If the directory contains no model, or one of its files is missing or malformed.
    pub fn of(dir: &Path) -> Result<Self, TaskError> {
        let files = model_files(dir, None)?;
        let contains = |name| files.dir().join(name).is_file();
        // A sentence-transformers directory may contain the encoder in a subfolder.
        if contains("modules.json") && !contains("config.json") {
            return Ok(Self::Embedding);
        }
        Ok(match files.directory()?.head {
            Head::Seq2SeqLm if summarizes(dir, files.dir())? => Self::Summarization,
            Head::Seq2SeqLm => Self::Translation,
            Head::SequenceClassifier => Self::Classification,
            Head::CausalLm => Self::Generation,
            Head::MaskedLm => Self::FillMask,
            Head::Encoder => Self::Embedding,
            Head::TokenClassifier => Self::TokenClassification,
        })
    }
}

/// A model opened for its task.
#[derive(Debug)]
pub enum Task {
    /// Translation.
    Translate(Translator),
    /// Summarization.
    Summarize(Summarizer),
    /// Classification.
    Classify(Classifier),
    /// Token classification.
    TokenClassify(Tagger),
    /// Generation.
    Generate(Generator),
    /// Filling masks.
    FillMask(FillMask),
    /// Embedding.
    Embed(Embedder),
}

impl Task {
    /// Sets the compute type of the model. Default: the type stored in the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        match self {
            Self::Translate(task) => Self::Translate(task.with_compute_type(compute_type)),
            Self::Summarize(task) => Self::Summarize(task.with_compute_type(compute_type)),
            Self::Classify(task) => Self::Classify(task.with_compute_type(compute_type)),
            Self::TokenClassify(task) => Self::TokenClassify(task.with_compute_type(compute_type)),
            Self::Generate(task) => Self::Generate(task.with_compute_type(compute_type)),
            Self::FillMask(task) => Self::FillMask(task.with_compute_type(compute_type)),
            Self::Embed(task) => Self::Embed(task.with_compute_type(compute_type)),
        }
    }
}

/// Opens the model of a model directory or run directory for its task; see [`ModelTask::of`].
///
/// # Errors
/// If the directory contains no model, or one of its files is missing or malformed.
pub fn open(dir: impl AsRef<Path>, device: &Device) -> Result<Task, TaskError> {
    let dir = dir.as_ref();
    Ok(match ModelTask::of(dir)? {
        ModelTask::Translation => Task::Translate(Translator::from_pretrained(dir, device)?),
        ModelTask::Summarization => Task::Summarize(Summarizer::from_pretrained(dir, device)?),
        ModelTask::Classification => Task::Classify(Classifier::from_pretrained(dir, device)?),
        ModelTask::TokenClassification => {
            Task::TokenClassify(Tagger::from_pretrained(dir, device)?)
        }
        ModelTask::Generation => Task::Generate(Generator::from_pretrained(dir, device)?),
        ModelTask::FillMask => Task::FillMask(FillMask::from_pretrained(dir, device)?),
        ModelTask::Embedding => Task::Embed(Embedder::from_pretrained(dir, device)?),
    })
}

/// The recipe key that names the task.
#[derive(Deserialize)]
struct RunRecipe {
    task: String,
}

/// The key in `config.json` that names the tasks of an encoder-decoder.
#[derive(Deserialize)]
struct ConfigTasks {
    #[serde(default)]
    task_specific_params: Option<Map<String, Value>>,
}

/// Whether the task of the encoder-decoder in `model` is summarization, according to the recipe of its run in `dir` or
/// to its `config.json`.
fn summarizes(dir: &Path, model: &Path) -> Result<bool, TaskError> {
    let path = dir.join("recipe.toml");
    let wrong = |reason: String| TaskError::RunRecipe { path: path.clone(), reason };
    match fs::read_to_string(&path) {
        Ok(text) => {
            // Some editors write a byte order mark.
            let text = text.trim_start_matches('\u{feff}');
            let recipe: RunRecipe =
                toml::from_str(text).map_err(|source| wrong(source.to_string()))?;
            return Ok(recipe.task == "summarize");
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(wrong(error.to_string())),
    }
    let config = model.join("config.json");
    if !config.is_file() {
        return Ok(false);
    }
    let config: ConfigTasks = read_json(&config)?;
    let tasks = config.task_specific_params.unwrap_or_default();
    let is_for = |task: &str| tasks.keys().any(|key| key.starts_with(task));
    Ok(is_for("summarization") && !is_for("translation"))
}
