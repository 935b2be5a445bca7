//! Reading JSON files of a model directory, with errors that name the key.

use std::io::ErrorKind;
use std::path::Path;

use crosshead_files::Placeholder;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::keys;
use crate::ModelError;

/// Reads a text file. A placeholder, such as a Git LFS pointer, causes an error.
pub(super) fn read_text(path: &Path) -> Result<String, ModelError> {
    if let Some(found) = Placeholder::in_file(path).map_err(ModelError::io(path))? {
        return Err(ModelError::NotTheFile { path: path.to_owned(), found: found.message() });
    }
    crosshead_files::read_text(path).map_err(ModelError::io(path))
}

/// Reads the fields of `T` from the JSON object in a file. Other keys are ignored.
///
/// # Errors
/// If the file cannot be read or is not a JSON object, or a key is missing or has a value of the wrong type. The error
/// names the key.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    from_text(path, &read_text(path)?)
}

/// Parses the text of the file at `path` as a JSON object.
pub(super) fn object(path: &Path, text: &str) -> Result<Map<String, Value>, ModelError> {
    serde_json::from_str(text).map_err(|source| ModelError::Json { path: path.to_owned(), source })
}

/// Reads the JSON object in a file; `None` if the file does not exist.
pub(super) fn read_object(path: &Path) -> Result<Option<Map<String, Value>>, ModelError> {
    match read_text(path) {
        Ok(text) => object(path, &text).map(Some),
        Err(ModelError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the fields of `T` from the text of the file at `path`.
pub(super) fn from_text<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ModelError> {
    from_object(path, &object(path, text)?)
}

/// Reads the fields of `T` from the object in the file at `path`.
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
