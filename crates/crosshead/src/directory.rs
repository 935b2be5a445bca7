//! Where the model of a model or run directory lies.

use std::path::{Path, PathBuf};

use crate::Error;

/// The model directory that `dir` is (with `config.json`) or, as a run directory, holds (under `model/`).
///
/// # Errors
/// If there is no model.
pub fn model_directory(dir: &Path) -> Result<PathBuf, Error> {
    [dir.to_owned(), dir.join("model")]
        .into_iter()
        .find(|dir| dir.join("config.json").is_file())
        .ok_or_else(|| Error::NoModel(dir.to_owned()))
}
