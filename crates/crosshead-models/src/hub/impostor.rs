//! What is often found in the place of a file of a model.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::keys;
use crate::ModelError;

/// How a pointer of Git LFS begins.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// How pages of the web begin, in lower case.
const PAGES: [&[u8]; 3] = [b"<!doctype html", b"<html", b"<?xml"];

/// Bytes that show what a file is.
const START: u64 = 512;

/// Refuses a file that is empty, a pointer of Git LFS or a page of the web.
pub(super) fn check(path: &Path) -> Result<(), ModelError> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
    read.map_err(ModelError::io(path))?;
    match found(&start) {
        Some(found) => Err(ModelError::NotTheFile { path: path.to_owned(), found }),
        None => Ok(()),
    }
}

/// What a file is that begins so, if it is none of a model.
fn found(start: &[u8]) -> Option<&'static str> {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let begins =
        |page: &&[u8]| text.get(..page.len()).is_some_and(|start| start.eq_ignore_ascii_case(page));
    if start.is_empty() {
        Some("is empty; copy or download it again")
    } else if start.starts_with(LFS) {
        Some("is a Git LFS pointer, not the file; run `git lfs pull` in its directory")
    } else if PAGES.iter().any(begins) {
        Some("is a web page, not the file; download the file itself")
    } else {
        None
    }
}

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String, ModelError> {
    check(path)?;
    fs::read_to_string(path).map_err(ModelError::io(path))
}

/// The keys that a type has of the object in a file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    from_text(path, &read_text(path)?)
}

/// The object that a JSON text of the file at `path` is.
pub(super) fn object(path: &Path, text: &str) -> Result<Map<String, Value>, ModelError> {
    serde_json::from_str(text).map_err(|source| ModelError::Json { path: path.to_owned(), source })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_of_a_model_is_known_by_its_beginning() {
        let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        assert!(found(lfs).unwrap().contains("git lfs pull"));
        for page in ["<!DOCTYPE html><html>", "\n  <HTML lang=en>", "\u{feff}<!doctype HTML>"] {
            assert!(found(page.as_bytes()).unwrap().contains("web page"), "{page}");
        }
        assert!(found(b"").unwrap().contains("empty"));
        for sound in [&b"{}"[..], b"PK\x03\x04", b"\x80\x02", b"version", b"<s>", b"<"] {
            assert_eq!(found(sound), None, "{sound:?}");
        }
    }
}
