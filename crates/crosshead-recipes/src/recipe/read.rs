//! Recipes from TOML text.

use serde::de::DeserializeOwned;

use super::Sections;
use super::key::InvalidKey;
use super::sets::{self, SetError};

/// Why a recipe can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// Text that is not TOML, or an unknown, missing or malformed key in it.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A `--set` that is malformed.
    #[error("--set {set}: {source}")]
    Set {
        /// The argument.
        set: String,
        /// What is wrong with it.
        source: SetError,
    },
    /// Values of `--set` that make an unknown or malformed key.
    #[error("--set {}: {message}", sets.join(" --set "))]
    Sets {
        /// The arguments.
        sets: Vec<String>,
        /// What is wrong.
        message: String,
    },
    /// An impossible value.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

/// Reads and resolves the sections of a recipe, with `sets` in place of its values.
///
/// # Errors
/// If a key is unknown, missing or impossible.
pub(crate) fn read<R: Sections>(text: &str, sets: &[String]) -> Result<R, ReadError> {
    let mut recipe: R = read_as_is(text, sets)?;
    recipe.resolve()?;
    Ok(recipe)
}

/// Reads text with `sets` in place of its values.
///
/// # Errors
/// If a key is unknown, missing or malformed.
pub(crate) fn read_as_is<R: DeserializeOwned>(text: &str, sets: &[String]) -> Result<R, ReadError> {
    if sets.is_empty() {
        return Ok(toml::from_str(text)?);
    }
    let mut table: toml::Table = text.parse()?;
    for set in sets {
        sets::apply(&mut table, set)
            .map_err(|source| ReadError::Set { set: set.clone(), source })?;
    }
    table.try_into().map_err(|source: toml::de::Error| ReadError::Sets {
        sets: sets.to_vec(),
        message: source.message().to_owned(),
    })
}
