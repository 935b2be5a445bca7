//! What is often found in the place of a file of a model.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::WeightsError;

/// How a pointer of Git LFS begins.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// How pages of the web begin, in lower case.
const PAGES: [&[u8]; 3] = [b"<!doctype html", b"<html", b"<?xml"];

/// Bytes that show what a file is.
const START: u64 = 512;

/// Refuses a file that is empty, a Git LFS pointer or a web page.
///
/// # Errors
/// If it is one of these, or cannot be read.
pub fn check_file(path: &Path) -> Result<(), WeightsError> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
    read.map_err(WeightsError::io(path))?;
    match found(&start) {
        Some(found) => Err(WeightsError::NotTheFile { path: path.to_owned(), found }),
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
