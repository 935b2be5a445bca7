//! Reads and writes files, with errors that name file and line.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crosshead_files::{Placeholder, TextError, decode_text};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::TokenizeError;

pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
pub(crate) const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";
pub(crate) const ADDED_TOKENS: &str = "added_tokens.json";
pub(crate) const CHAT_TEMPLATE: &str = "chat_template.jinja";

/// The bytes of a file. A Git LFS pointer or a web page causes an error.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TokenizeError> {
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::IsADirectory => TokenizeError::IsDirectory { path: path.to_owned() },
        _ => TokenizeError::Read { path: path.to_owned(), source },
    })?;
    match Placeholder::detect(&bytes) {
        Some(found @ (Placeholder::LfsPointer | Placeholder::WebPage)) => {
            Err(TokenizeError::NotTheFile { path: path.to_owned(), found: found.message() })
        }
        Some(Placeholder::Empty) | None => Ok(bytes),
    }
}

/// Like [`read`], with an error if the file is empty.
pub(crate) fn read_filled(path: &Path) -> Result<Vec<u8>, TokenizeError> {
    let bytes = read(path)?;
    if bytes.is_empty() {
        let found = "is empty; download or save it again";
        return Err(TokenizeError::NotTheFile { path: path.to_owned(), found });
    }
    Ok(bytes)
}

pub(crate) fn read_text(path: &Path) -> Result<String, TokenizeError> {
    decode(path, read(path)?)
}

/// Decodes a UTF-8 text file, with or without a byte order mark.
fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, TokenizeError> {
    decode_text(bytes).map_err(|error| match error {
        TextError::Utf16 => TokenizeError::Utf16 { path: path.to_owned() },
        TextError::NotUtf8 { line } => TokenizeError::NotUtf8 { path: path.to_owned(), line },
    })
}

pub(crate) fn read_json_if_present<T: DeserializeOwned + Default>(
    path: &Path,
) -> Result<T, TokenizeError> {
    if path.exists() { read_json(path) } else { Ok(T::default()) }
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TokenizeError> {
    let text = decode(path, read_filled(path)?)?;
    // Parses in two passes, because the tokenizer's deserializer reports unrecognized keys as syntax errors.
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|source| TokenizeError::InvalidJson { path: path.to_owned(), source })?;
    serde_json::from_str(&text)
        .map_err(|source| TokenizeError::UnrecognizedJson { path: path.to_owned(), source })
}

pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<(), TokenizeError> {
    fs::write(path, contents)
        .map_err(|source| TokenizeError::Write { path: path.to_owned(), source })
}
