//! A model in 8 bits.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_models::{ModelError, int8_tensor, quantize_directory};

use crate::{TaskError, model_directory};

/// Writes the model of a model directory or run directory to the new model directory `out`, its projections and embedding in
/// 8 bits. The recipe of a run goes with it, and says how the model is evaluated. `device` only says where an empty
/// model may be.
///
/// # Errors
/// If `out` exists, `dir` holds no model or one in 8 bits, or a file cannot be read or written.
pub fn quantize(
    dir: impl AsRef<Path>,
    out: impl AsRef<Path>,
    device: &Device,
) -> Result<(), TaskError> {
    let (dir, out) = (dir.as_ref(), out.as_ref());
    let recipe = dir.join("recipe.toml");
    let copy_recipe = |out: &Path| {
        if recipe.is_file() {
            let copied = fs::copy(&recipe, out.join("recipe.toml"));
            copied.map_err(|source| ModelError::Io { path: recipe.clone(), source })?;
        }
        Ok(())
    };
    Ok(quantize_directory(&whole_model(dir)?, out, device, copy_recipe)?)
}

/// Whether the model of a model directory or run directory is in 8 bits.
///
/// # Errors
/// If the directory holds no model, or its weights are malformed.
pub fn is_quantized(dir: impl AsRef<Path>) -> Result<bool, TaskError> {
    Ok(int8_tensor(&whole_model(dir.as_ref())?)?.is_some())
}

/// The model directory, which may be one of sentence-transformers.
fn whole_model(dir: &Path) -> Result<PathBuf, TaskError> {
    if dir.join("modules.json").is_file() { Ok(dir.to_owned()) } else { model_directory(dir) }
}
