//! The average of model directories.

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_models::{ModelError, average_directories};

use crate::{TaskError, model_directory};

/// Averages the weights of model directories, run directories (their best models) or checkpoints of runs, with equal weights, and
/// writes a new model directory `out`. Its other files are those of the first one; the recipe of a run is copied, so that the model
/// can be evaluated.
///
/// # Errors
/// If `out` exists, the models do not have the same configuration and weights of the same shapes, or a file cannot be read or
/// written.
pub fn average<P: AsRef<Path>>(dirs: &[P], out: impl AsRef<Path>) -> Result<(), TaskError> {
    let is_checkpoint = |dir: &Path| dir.join("weights.safetensors").is_file();
    let models = dirs.iter().map(|dir| match dir.as_ref() {
        dir if is_checkpoint(dir) => Ok(dir.to_owned()),
        dir => model_directory(dir),
    });
    let models = models.collect::<Result<Vec<PathBuf>, TaskError>>()?;
    let recipes = dirs.iter().take(1).flat_map(|dir| {
        let dir = dir.as_ref();
        let of_checkpoint = dir.parent().and_then(Path::parent).filter(|_| is_checkpoint(dir));
        [Some(dir), of_checkpoint].into_iter().flatten().map(|dir| dir.join("recipe.toml"))
    });
    let recipe = recipes.into_iter().find(|recipe| recipe.is_file());
    let copy_recipe = |out: &Path| match recipe {
        Some(recipe) => match fs::copy(&recipe, out.join("recipe.toml")) {
            Ok(_) => Ok(()),
            Err(source) => Err(ModelError::Io { path: recipe, source }),
        },
        None => Ok(()),
    };
    Ok(average_directories(&models, out.as_ref(), copy_recipe)?)
}
