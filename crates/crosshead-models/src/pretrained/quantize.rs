//! Quantization of a model directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use burn::tensor::{Device, TensorData};
use crosshead_files::write_directory;
use crosshead_weights::{Int8Matrix, TensorSource, write_int8_tensors};
use serde::Deserialize;

use super::files::{ModelFiles, check_not_adapter};
use super::load::Weights;
use super::names::Form;
use super::{ModelDirectory, SentenceDirectory, sentence};
use crate::{ModelError, paths};

/// The extensions of weight files.
const WEIGHTS: [&str; 9] =
    [".safetensors", ".bin", ".index.json", ".h5", ".msgpack", ".ot", ".onnx", ".pt", ".gguf"];

/// A module in `modules.json`.
#[derive(Deserialize)]
struct Module {
    path: String,
}

/// Quantizes the projections and the embedding of a model directory to int8 and writes a new model directory `out`. Other
/// tensors are written as f32, and other files are copied; `extra` adds files. Nothing is computed on `device`.
///
/// The directory is written atomically.
///
/// # Errors
/// If `out` exists, `dir` contains no model or an int8 model, or a file cannot be read or written.
pub fn quantize_directory(
    dir: &Path,
    out: &Path,
    device: &Device,
    extra: impl FnOnce(&Path) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    refuse_existing(out)?;
    let model = encoder_of(dir)?;
    check_not_adapter(&model)?;
    let checkpoint = TensorSource::open(&model)?;
    if let Some(name) = checkpoint.first_int8() {
        return Err(ModelError::tensor(checkpoint.file(name), name, "is int8 already"));
    }
    let tensors = quantized(&ModelDirectory::open(&model)?, &checkpoint, device)?;
    let inside = model.strip_prefix(dir).unwrap_or(Path::new("")).to_owned();
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent).map_err(ModelError::io(parent))?;
    }
    let fill = |out: &Path| {
        copy_files(dir, out, &model)?;
        write_int8_tensors(&out.join(&inside).join("model.safetensors"), &tensors)?;
        extra(out)
    };
    let written = write_directory(out, |out| fill(out).map_err(io::Error::other));
    written.map_err(|error| match error.downcast() {
        Ok(error) => error,
        Err(source) => ModelError::Io { path: out.to_owned(), source },
    })
}

/// The error of a directory that is there already.
///
/// # Errors
/// If it exists.
pub(super) fn refuse_existing(out: &Path) -> Result<(), ModelError> {
    if !out.exists() {
        return Ok(());
    }
    let source = io::Error::other("exists already; name a new directory");
    Err(ModelError::Io { path: out.to_owned(), source })
}

/// The first int8 tensor of a model directory; `None` if it has none.
///
/// # Errors
/// If there are no weights, or a file is malformed.
pub fn int8_tensor(dir: &Path) -> Result<Option<String>, ModelError> {
    let files = ModelFiles::open(&encoder_of(dir)?)?;
    Ok(TensorSource::open(files.weights())?.first_int8().map(str::to_owned))
}

/// The directory with the weights: the encoder of a sentence-transformers directory.
fn encoder_of(dir: &Path) -> Result<PathBuf, ModelError> {
    let is_sentence = dir.join("modules.json").is_file();
    if is_sentence { Ok(SentenceDirectory::open(dir)?.encoder) } else { Ok(dir.to_owned()) }
}

/// The tensors of the new file: those that the model needs, under their names in the old file.
fn quantized(
    directory: &ModelDirectory,
    checkpoint: &TensorSource,
    device: &Device,
) -> Result<BTreeMap<String, TensorData>, ModelError> {
    let names = directory.names();
    let weights = Weights::new(checkpoint, names.clone());
    for (parameter, shape) in directory.expected_shapes() {
        weights.locate(&parameter, &shape)?;
    }
    // A tensor may contain several parameters.
    let mut forms: BTreeMap<String, Option<Form>> = BTreeMap::new();
    for (parameter, shape) in directory.shapes(device) {
        let Some(name) = weights.locate(&parameter, &shape)? else { continue };
        let form = names.locate(&parameter).map(|location| location.form);
        forms.insert(name, form.filter(|_| paths::takes_int8(&parameter, &shape)));
    }
    let mut tensors = BTreeMap::new();
    for (name, form) in forms {
        let in_file = weights.tensors.in_file(&name).to_owned();
        let data = weights.tensors.read(&name)?;
        match (form, data.shape().to_vec().as_slice()) {
            (Some(form), &[rows, columns]) => {
                let values = data.as_slice::<f32>().expect("weights are f32 once they are read");
                let matrix = Int8Matrix::quantize(values, [rows, columns], form.scale_axis());
                tensors.extend(matrix.into_tensors(&in_file));
            }
            (Some(_) | None, _) => {
                tensors.insert(in_file, data);
            }
        }
    }
    Ok(tensors)
}

/// Copies the files of a directory and of the folders in its `modules.json`, without the weights in the folder `model`.
pub(super) fn copy_files(dir: &Path, out: &Path, model: &Path) -> Result<(), ModelError> {
    let every = |_: &str| true;
    if dir == model {
        copy_folder(dir, out, every)?;
    } else {
        copy_all(dir, out, every)?;
    }
    for folder in modules(dir)? {
        let (from, to) = (dir.join(&folder), out.join(&folder));
        fs::create_dir_all(&to).map_err(ModelError::io(&to))?;
        if from.is_dir() {
            if from == model {
                copy_folder(&from, &to, every)?;
            } else {
                copy_all(&from, &to, every)?;
            }
        }
    }
    Ok(())
}

/// The number of files with weights in a folder.
pub(super) fn weight_files(dir: &Path) -> Result<usize, ModelError> {
    if !dir.is_dir() {
        return Ok(0);
    }
    let mut count = 0;
    for entry in fs::read_dir(dir).map_err(ModelError::io(dir))? {
        let name = entry.map_err(ModelError::io(dir))?.file_name();
        count += usize::from(is_weights(&name.to_string_lossy()));
    }
    Ok(count)
}

/// Whether a file with this name has weights.
fn is_weights(name: &str) -> bool {
    WEIGHTS.iter().any(|end| name.ends_with(end))
}

/// Copies the files of a model folder that are not weights and satisfy `is_needed`.
pub(super) fn copy_folder(
    from: &Path,
    to: &Path,
    is_needed: impl Fn(&str) -> bool,
) -> Result<(), ModelError> {
    copy_all(from, to, |name| !is_weights(name) && is_needed(name))
}

/// Copies the files of a folder that satisfy `is_needed`.
fn copy_all(from: &Path, to: &Path, is_needed: impl Fn(&str) -> bool) -> Result<(), ModelError> {
    for entry in fs::read_dir(from).map_err(ModelError::io(from))? {
        let entry = entry.map_err(ModelError::io(from))?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_file() && is_needed(&name.to_string_lossy()) {
            fs::copy(&path, to.join(&name)).map_err(ModelError::io(&path))?;
        }
    }
    Ok(())
}

/// The folders in `modules.json`.
pub(super) fn modules(dir: &Path) -> Result<Vec<String>, ModelError> {
    let path = dir.join("modules.json");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let modules: Vec<Module> = sentence::read(&path)?;
    Ok(modules.into_iter().map(|module| module.path).filter(|path| !path.is_empty()).collect())
}
