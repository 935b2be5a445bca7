//! JSON files of a model directory, with errors that name the key.

use std::io::ErrorKind;
use std::path::Path;

use crosshead_weights::{WeightsError, check_file};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::keys;
use crate::ModelError;

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String, ModelError> {
    check_file(path).map_err(|error| match error {
        WeightsError::Io { path, source } => ModelError::Io { path, source },
        other => ModelError::Weights(other),
    })?;
    crosshead_weights::read_text(path).map_err(ModelError::io(path))
}

/// The keys that a type has of the object in a file.
///
/// # Errors
/// If the file cannot be read, is no JSON object, or a key is missing or of another type; the error names it.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    from_text(path, &read_text(path)?)
}

/// The object that a JSON text of the file at `path` is.
pub(super) fn object(path: &Path, text: &str) -> Result<Map<String, Value>, ModelError> {
    serde_json::from_str(text).map_err(|source| ModelError::Json { path: path.to_owned(), source })
}

/// The object in a file; `None` where there is no such file.
pub(super) fn read_object(path: &Path) -> Result<Option<Map<String, Value>>, ModelError> {
    match read_text(path) {
        Ok(text) => object(path, &text).map(Some),
        Err(ModelError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The keys that a type has of the object in the text of the file at `path`.
pub(super) fn from_text<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ModelError> {
    from_object(path, &object(path, text)?)
}

/// The keys that a type has of the object in the file at `path`.
pub(super) fn from_object<T: DeserializeOwned>(
    path: &Path,
    object: &Map<String, Value>,
) -> Result<T, ModelError> {
    keys::from_object(object).map_err(|error| ModelError::Key {
        path: path.to_owned(),
        key: error.key(),
        reason: error.reason().to_owned(),
    })
}
