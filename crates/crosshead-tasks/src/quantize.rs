//! Quantization of model directories.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_models::{ModelError, int8_tensor, quantize_directory};

use crate::{TaskError, model_directory};

/// Quantizes the projections and the embedding of a model directory, or of the best model of a run directory, to int8,
/// and writes the result to a new model directory, `out`. The recipe of a run is copied, so that the model can be
/// evaluated. Nothing is computed on `device`.
///
/// # Errors
/// If `out` exists, `dir` contains no model or an int8 model, or a file cannot be read or written.
pub fn quantize(
    dir: impl AsRef<Path>,
    out: impl AsRef<Path>,
    device: &Device,
) -> Result<(), TaskError> {
    let (dir, out) = (dir.as_ref(), out.as_ref());
    Ok(quantize_directory(&whole_model(dir)?, out, device, |out| copy_recipe(dir, out))?)
}

/// Copies the recipe of a run to the directory of its new model.
pub(crate) fn copy_recipe(run: &Path, out: &Path) -> Result<(), ModelError> {
    let recipe = run.join("recipe.toml");
    if recipe.is_file() {
        let copied = fs::copy(&recipe, out.join("recipe.toml"));
        copied.map_err(|source| ModelError::Io { path: recipe, source })?;
    }
    Ok(())
}

/// Whether the model of a model directory or run directory has int8 weights.
///
/// # Errors
/// If the directory contains no model, or its weights are malformed.
pub fn is_quantized(dir: impl AsRef<Path>) -> Result<bool, TaskError> {
    Ok(int8_tensor(&whole_model(dir.as_ref())?)?.is_some())
}

/// The model directory, which may be a sentence-transformers directory.
fn whole_model(dir: &Path) -> Result<PathBuf, TaskError> {
    if dir.join("modules.json").is_file() { Ok(dir.to_owned()) } else { model_directory(dir) }
}
