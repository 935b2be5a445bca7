//! Recipes from TOML text.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Sections;
use super::key::InvalidKey;
use super::keys::{keys, unknown_key};
use super::sets::{self, SetError};

/// Why a recipe cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// Text that is not TOML, or an unknown, missing or malformed key in it.
    #[error("{}{hint}", error.to_string().trim_end())]
    Toml {
        /// What is wrong, with line and column.
        error: Box<toml::de::Error>,
        /// The key that was probably meant.
        hint: String,
    },
    /// A `--set` that is malformed.
    #[error("--set {set}: {source}")]
    Set {
        /// The argument.
        set: String,
        /// What is wrong with it.
        source: SetError,
    },
    /// `--set` arguments that result in an unknown or malformed key.
    #[error("--set {}: {message}", sets.join(" --set "))]
    Sets {
        /// The arguments.
        sets: Vec<String>,
        /// What is wrong.
        message: String,
    },
    /// An invalid value.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

/// Reads and resolves the sections of a recipe; `sets` override its values.
///
/// # Errors
/// If a key is unknown or missing, or a value is invalid.
pub(crate) fn read<R: Sections>(text: &str, sets: &[String]) -> Result<R, ReadError> {
    let mut recipe: R = read_as_is(text, sets)?;
    recipe.resolve()?;
    Ok(recipe)
}

/// Reads text; `sets` override its values.
///
/// # Errors
/// If a key is unknown, missing or malformed; the error suggests the closest valid key.
pub(crate) fn read_as_is<R: DeserializeOwned + JsonSchema>(
    text: &str,
    sets: &[String],
) -> Result<R, ReadError> {
    if sets.is_empty() {
        return toml::from_str(text).map_err(|error| {
            let table = text.parse().unwrap_or_default();
            let (hint, _) = hint::<R>(&table, error.message());
            ReadError::Toml { error: Box::new(error), hint }
        });
    }
    let mut table: toml::Table = text
        .parse()
        .map_err(|error| ReadError::Toml { error: Box::new(error), hint: String::new() })?;
    sets::remove_replaced(&mut table, sets);
    for set in sets {
        sets::apply(&mut table, set)
            .map_err(|source| ReadError::Set { set: set.clone(), source })?;
    }
    toml::from_str(&table.to_string()).map_err(|error| {
        let (hint, path) = hint::<R>(&table, error.message());
        let is_at_fault = |set: &&String| {
            path.as_deref().is_none_or(|path| {
                let key = sets::key(set);
                key == path || key.split('.').next() == Some(path)
            })
        };
        let at_fault: Vec<String> = sets.iter().filter(is_at_fault).cloned().collect();
        ReadError::Sets {
            sets: if at_fault.is_empty() { sets.to_vec() } else { at_fault },
            message: format!("{}{hint}", error.message()),
        }
    })
}

/// The end of an error message about an unknown key, which suggests the closest valid key, and the unknown key itself.
fn hint<R: JsonSchema>(table: &toml::Table, message: &str) -> (String, Option<String>) {
    let keys = keys::<R>();
    let Some((path, nearest)) = unknown_key(table, &keys) else { return (String::new(), None) };
    let name = path.rsplit('.').next().unwrap_or_default();
    if !message.contains(&format!("unknown field `{name}`")) {
        return (String::new(), None);
    }
    let hint = nearest.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default();
    (hint, Some(path))
}
