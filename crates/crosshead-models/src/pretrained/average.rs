//! The average of models with the same configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use burn::tensor::TensorData;
use crosshead_weights::{Mean, TensorSource, from_safetensors, write_tensors};
use serde_json::{Map, Value};

use super::derived::{check_new, copy_files, modules, weight_files, write_new};
use super::files::check_not_adapter;
use super::{ModelDirectory, ctranslate2, json, save};
use crate::ModelError;

/// The weights of a checkpoint of a run, by parameter path.
const CHECKPOINT: &str = "weights.safetensors";

/// Keys of `config.json` that say nothing about the model.
const OTHER_KEYS: [&str; 4] = ["_name_or_path", "transformers_version", "torch_dtype", "dtype"];

/// A model to be averaged.
struct Averaged {
    /// The directory of the model, or of the model that the run of a checkpoint saved.
    model: PathBuf,
    /// The weights of the checkpoint.
    checkpoint: Option<PathBuf>,
}

/// Averages the weights of model directories, or checkpoints of runs, and writes a new model directory `out` in f32. Its other files
/// are those of the first one; `extra` adds files.
///
/// The directory is written atomically.
///
/// # Errors
/// If `out` exists, the models do not have the same configuration and weights of the same shapes, one is not a directory with
/// weights in floating point, or a file cannot be read or written.
pub fn average_directories(
    dirs: &[PathBuf],
    out: &Path,
    extra: impl FnOnce(&Path) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    let wrong = |path: &Path, reason: String| {
        Err(ModelError::Io { path: path.to_owned(), source: io::Error::other(reason) })
    };
    check_new(out)?;
    let models = dirs.iter().map(|dir| Averaged::of(dir)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = models.first() else {
        return wrong(out, "there is no model to average".to_owned());
    };
    let config = first.config()?;
    for (dir, other) in dirs.iter().zip(&models) {
        if let Some(key) = different_key(&config, &other.config()?) {
            let reason = format!("`{key}` in its config.json differs from {}", dirs[0].display());
            return wrong(dir, reason);
        }
    }
    let mut mean = Mean::new();
    for model in &models {
        if let Err(error) = mean.add(&model.tensors()?) {
            return wrong(out, error.to_string());
        }
    }
    let mean = mean.finish();
    write_new(out, |out| {
        copy_files(&first.model, out, &first.model)?;
        write_tensors(&out.join("model.safetensors"), &mean)?;
        extra(out)
    })
}

impl Averaged {
    fn of(dir: &Path) -> Result<Self, ModelError> {
        let wrong = |reason: &str| {
            Err(ModelError::Io { path: dir.to_owned(), source: io::Error::other(reason) })
        };
        let checkpoint = dir.join(CHECKPOINT);
        if checkpoint.is_file() {
            let run = dir.parent().and_then(Path::parent);
            let Some(model) = run.map(|run| run.join("model")).filter(|model| model.is_dir())
            else {
                return wrong("is a checkpoint outside a run directory with a model");
            };
            check_not_adapter(&model)?;
            return Ok(Self { model, checkpoint: Some(checkpoint) });
        }
        if ctranslate2::is_directory(dir) {
            return wrong("is a CTranslate2 directory; average the models that it was made from");
        }
        for module in modules(dir)? {
            if weight_files(&dir.join(module))? > 0 {
                return wrong(
                    "is a sentence-transformers directory with weights in several folders",
                );
            }
        }
        check_not_adapter(dir)?;
        Ok(Self { model: dir.to_owned(), checkpoint: None })
    }

    fn config(&self) -> Result<Map<String, Value>, ModelError> {
        let path = self.model.join("config.json");
        let mut config = json::object(&path, &json::read_text(&path)?)?;
        config.retain(|key, _| !OTHER_KEYS.contains(&key.as_str()));
        Ok(config)
    }

    /// The tensors as a file of the model has them.
    fn tensors(&self) -> Result<BTreeMap<String, TensorData>, ModelError> {
        let source = TensorSource::open(&self.model)?;
        if let Some(name) = source.first_int8() {
            let reason = "is int8; average the models that it was quantized from";
            return Err(ModelError::tensor(source.file(name), name, reason));
        }
        let names: Vec<String> = source.names().map(str::to_owned).collect();
        let mut tensors = BTreeMap::new();
        for name in names {
            let data = source.read(&name)?;
            tensors.insert(name, data);
        }
        if let Some(path) = &self.checkpoint {
            let bytes = fs::read(path).map_err(ModelError::io(path))?;
            let parameters = from_safetensors(path, bytes)?;
            let names = ModelDirectory::open(&self.model)?.names();
            tensors.extend(save::in_file(parameters, &names, path)?);
        }
        Ok(tensors)
    }
}

/// The first key in which two configurations differ.
fn different_key(a: &Map<String, Value>, b: &Map<String, Value>) -> Option<String> {
    a.keys().chain(b.keys()).find(|key| a.get(*key) != b.get(*key)).cloned()
}
