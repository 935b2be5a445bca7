//! Model directories that are made from others: a new directory with other weights and the same files.

use std::path::Path;
use std::{fs, io};

use crosshead_files::write_directory;
use serde::Deserialize;

use super::sentence;
use crate::ModelError;

/// The extensions of weight files.
const WEIGHTS: [&str; 9] =
    [".safetensors", ".bin", ".index.json", ".h5", ".msgpack", ".ot", ".onnx", ".pt", ".gguf"];

/// A module in `modules.json`.
#[derive(Deserialize)]
struct Module {
    path: String,
}

/// Checks that a directory does not exist yet.
pub(super) fn check_new(out: &Path) -> Result<(), ModelError> {
    if !out.exists() {
        return Ok(());
    }
    let source = io::Error::other("already exists; choose a new directory");
    Err(ModelError::Io { path: out.to_owned(), source })
}

/// Writes a directory atomically, with its parents.
pub(super) fn write_new(
    out: &Path,
    fill: impl FnOnce(&Path) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent).map_err(ModelError::io(parent))?;
    }
    let written = write_directory(out, |out| fill(out).map_err(io::Error::other));
    written.map_err(|error| match error.downcast() {
        Ok(error) => error,
        Err(source) => ModelError::Io { path: out.to_owned(), source },
    })
}

/// Copies the files of a directory and of the folders in its `modules.json`, without the weights in the folder `model`.
pub(super) fn copy_files(dir: &Path, out: &Path, model: &Path) -> Result<(), ModelError> {
    let copy =
        |from: &Path, to: &Path| copy_folder(from, to, |name| from != model || !is_weights(name));
    copy(dir, out)?;
    for folder in modules(dir)? {
        let (from, to) = (dir.join(&folder), out.join(&folder));
        fs::create_dir_all(&to).map_err(ModelError::io(&to))?;
        if from.is_dir() {
            copy(&from, &to)?;
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
pub(super) fn is_weights(name: &str) -> bool {
    WEIGHTS.iter().any(|end| name.ends_with(end))
}

/// Copies the files of a folder whose names satisfy `is_needed`.
pub(super) fn copy_folder(
    from: &Path,
    to: &Path,
    is_needed: impl Fn(&str) -> bool,
) -> Result<(), ModelError> {
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
