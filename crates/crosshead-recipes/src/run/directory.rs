//! The run directory's recipe.

use std::fs;
use std::path::Path;

use crosshead_weights::{read_text, write_atomic};

use crate::{Error, Recipe};

/// Checks that a new run's directory holds no run, or that a resumed one is of the same recipe.
pub(super) fn check(dir: &Path, recipe: &Recipe, resume: bool) -> Result<(), Error> {
    let path = dir.join("recipe.toml");
    let refuse = |reason: String| Err(Error::Run { dir: dir.to_owned(), reason });
    let continues = |present: &str| {
        Recipe::parse("", present, &[]).is_ok_and(|present| recipe.continues(&present))
    };
    match (read_text(&path), resume) {
        (Ok(_), false) => refuse(
            "holds a run; go on with --resume, choose another --out, or delete it".to_owned(),
        ),
        (Ok(present), true) if !continues(&present) => {
            refuse(format!("{} differs from this recipe; resume with the same one", path.display()))
        }
        (Err(_), true) => refuse("holds no run to resume; start it without --resume".to_owned()),
        _ => Ok(()),
    }
}

/// Writes the recipe with every key into the run's directory, which is made if need be.
pub(super) fn write_recipe(dir: &Path, recipe: &Recipe) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(Error::io(dir))?;
    let path = dir.join("recipe.toml");
    write_atomic(&path, recipe.to_toml().as_bytes()).map_err(Error::io(&path))
}
