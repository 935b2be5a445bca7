//! The recipe in the run directory.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crosshead_files::{read_text, write_atomic};

use crate::recipe::differences;
use crate::{Recipe, RunError};

const RECIPE: &str = "recipe.toml";

/// The recipe of the run in a directory, if `resume` is set; `None` for a new run.
///
/// # Errors
/// If the directory has a run but `resume` is not set, `resume` is set but there is no run, or the recipe cannot be
/// read.
pub(super) fn present(dir: &Path, resume: bool) -> Result<Option<Recipe>, RunError> {
    let path = dir.join(RECIPE);
    let refuse =
        |reason: &str| Err(RunError::Run { dir: dir.to_owned(), reason: reason.to_owned() });
    match (read_text(&path), resume) {
        (Ok(text), true) => Recipe::parse(&path.display().to_string(), &text, &[]).map(Some),
        (Ok(_), false) => refuse(
            "already has a run; continue it with --resume, choose a different --out, or delete it",
        ),
        (Err(error), true) if error.kind() == ErrorKind::NotFound => {
            refuse("has no run to resume; start one without --resume")
        }
        (Err(error), false) if error.kind() == ErrorKind::NotFound => Ok(None),
        (Err(error), _) => Err(RunError::io(&path)(error)),
    }
}

/// Checks that the run in a directory can be resumed with a recipe.
///
/// # Errors
/// If a key that affects results differs; the error names it and both values.
pub(super) fn check(dir: &Path, present: &Recipe, recipe: &Recipe) -> Result<(), RunError> {
    let differences = differences(present, recipe);
    if differences.is_empty() {
        return Ok(());
    }
    let reason = format!(
        "{} differs from this recipe: {}; resume with the same recipe",
        dir.join(RECIPE).display(),
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    );
    Err(RunError::Run { dir: dir.to_owned(), reason })
}

/// Writes the recipe with all keys to the run directory, and creates the directory if needed.
pub(super) fn write_recipe(dir: &Path, recipe: &Recipe) -> Result<(), RunError> {
    fs::create_dir_all(dir).map_err(RunError::io(dir))?;
    let path = dir.join(RECIPE);
    write_atomic(&path, recipe.to_toml().as_bytes()).map_err(RunError::io(&path))
}
