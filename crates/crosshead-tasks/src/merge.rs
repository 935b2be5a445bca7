//! Merging adapters into their base models.

use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{ModelFiles, merge_directory};

use crate::TaskError;
use crate::quantize::copy_recipe;

/// Writes a model directory `out` with the outputs of a model and its adapter (see [`model_files`](crate::model_files)), in
/// f32. The recipe of `run`, if given, is copied, so that the model can be evaluated.
///
/// # Errors
/// If `out` exists, there is no adapter, the base model is int8, or a file cannot be read or written.
pub fn merge(
    files: &ModelFiles,
    run: Option<&Path>,
    out: impl AsRef<Path>,
    device: &Device,
) -> Result<(), TaskError> {
    let copy = |out: &Path| run.map_or(Ok(()), |run| copy_recipe(run, out));
    Ok(merge_directory(files, out.as_ref(), device, copy)?)
}
