//! Reading and writing files, with errors that name file and line.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::TokenizeError;

pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
pub(crate) const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";
pub(crate) const ADDED_TOKENS: &str = "added_tokens.json";
pub(crate) const CHAT_TEMPLATE: &str = "chat_template.jinja";

/// How a pointer of Git LFS begins.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// How pages of the web begin, in lower case.
const PAGES: [&[u8]; 3] = [b"<!doctype html", b"<html", b"<?xml"];

/// The bytes of a file, which may not be a pointer of Git LFS or a page of the web.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TokenizeError> {
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::IsADirectory => TokenizeError::IsDirectory { path: path.to_owned() },
        _ => TokenizeError::Read { path: path.to_owned(), source },
    })?;
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes).trim_ascii_start();
    let begins =
        |page: &&[u8]| text.get(..page.len()).is_some_and(|start| start.eq_ignore_ascii_case(page));
    if bytes.starts_with(LFS) {
        let found = "is a Git LFS pointer, not the file; run `git lfs pull` in its directory";
        return Err(TokenizeError::NotTheFile { path: path.to_owned(), found });
    }
    if PAGES.iter().any(begins) {
        let found = "is a web page, not the file; download the file itself";
        return Err(TokenizeError::NotTheFile { path: path.to_owned(), found });
    }
    Ok(bytes)
}

/// [`read`] of a file that can't be empty.
pub(crate) fn read_filled(path: &Path) -> Result<Vec<u8>, TokenizeError> {
    let bytes = read(path)?;
    if bytes.is_empty() {
        let found = "is empty; fetch or save it again";
        return Err(TokenizeError::NotTheFile { path: path.to_owned(), found });
    }
    Ok(bytes)
}

/// The bytes of a text file without the byte order mark that some editors put at its start.
fn unmarked(path: &Path, mut bytes: Vec<u8>) -> Result<Vec<u8>, TokenizeError> {
    if [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(*mark)) {
        return Err(TokenizeError::Utf16 { path: path.to_owned() });
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(.."\u{feff}".len());
    }
    Ok(bytes)
}

pub(crate) fn read_text(path: &Path) -> Result<String, TokenizeError> {
    String::from_utf8(unmarked(path, read(path)?)?)
        .map_err(|error| not_utf8(path, &error.as_bytes()[..error.utf8_error().valid_up_to()]))
}

/// The error of a file that is UTF-8 no further than this.
fn not_utf8(path: &Path, valid: &[u8]) -> TokenizeError {
    let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
    TokenizeError::NotUtf8 { path: path.to_owned(), line }
}

pub(crate) fn read_json_if_present<T: DeserializeOwned + Default>(
    path: &Path,
) -> Result<T, TokenizeError> {
    if path.exists() { read_json(path) } else { Ok(T::default()) }
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TokenizeError> {
    let bytes = unmarked(path, read_filled(path)?)?;
    // A pass over values that are ignored does not look into texts.
    str::from_utf8(&bytes).map_err(|error| not_utf8(path, &bytes[..error.valid_up_to()]))?;
    // In two passes, because on foreign keys the tokenizer's own deserializer reports a syntax error.
    serde_json::from_slice::<IgnoredAny>(&bytes)
        .map_err(|source| TokenizeError::InvalidJson { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes)
        .map_err(|source| TokenizeError::ForeignJson { path: path.to_owned(), source })
}

pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<(), TokenizeError> {
    fs::write(path, contents)
        .map_err(|source| TokenizeError::Write { path: path.to_owned(), source })
}
