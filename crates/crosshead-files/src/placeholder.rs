//! Detection of content that is often saved in place of the intended file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::strip_byte_order_mark;

/// The first bytes of a Git LFS pointer.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The first bytes of web pages, in lowercase.
const WEB_PAGES: [&[u8]; 3] = [b"<!doctype html", b"<html", b"<?xml"];

/// The number of bytes that [`Placeholder::in_file`] reads.
const N_BYTES: u64 = 512;

/// Content that is often saved in place of the intended file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// No content.
    Empty,
    /// A Git LFS pointer: the repository was cloned without `git lfs`.
    LfsPointer,
    /// A web page: a link to a page about the file was downloaded, or an error page.
    WebPage,
}

impl Placeholder {
    /// Detects a placeholder from the first bytes of a file.
    pub fn detect(start: &[u8]) -> Option<Self> {
        let text = strip_byte_order_mark(start).trim_ascii_start();
        let begins_with = |page: &&[u8]| {
            text.get(..page.len()).is_some_and(|start| start.eq_ignore_ascii_case(page))
        };
        if start.is_empty() {
            Some(Self::Empty)
        } else if start.starts_with(LFS_POINTER) {
            Some(Self::LfsPointer)
        } else if WEB_PAGES.iter().any(begins_with) {
            Some(Self::WebPage)
        } else {
            None
        }
    }

    /// Reads the first bytes of a file and applies [`detect`](Self::detect).
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn in_file(path: &Path) -> io::Result<Option<Self>> {
        let mut start = Vec::new();
        File::open(path)?.take(N_BYTES).read_to_end(&mut start)?;
        Ok(Self::detect(&start))
    }

    /// A description of the file and how to fix it, for use after the file's name.
    pub fn message(self) -> &'static str {
        match self {
            Self::Empty => "is empty; copy or download it again",
            Self::LfsPointer => {
                "is a Git LFS pointer, not the file; run `git lfs pull` in its directory"
            }
            Self::WebPage => "is a web page, not the file; download the file itself",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_detected_by_their_first_bytes() {
        let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        assert_eq!(Placeholder::detect(lfs), Some(Placeholder::LfsPointer));
        for page in ["<!DOCTYPE html><html>", "\n  <HTML lang=en>", "\u{feff}<!doctype HTML>"] {
            assert_eq!(Placeholder::detect(page.as_bytes()), Some(Placeholder::WebPage), "{page}");
        }
        assert_eq!(Placeholder::detect(b""), Some(Placeholder::Empty));
        for valid in [&b"{}"[..], b"PK\x03\x04", b"\x80\x02", b"version", b"<s>", b"<"] {
            assert_eq!(Placeholder::detect(valid), None, "{valid:?}");
        }
    }

    #[test]
    fn only_the_first_bytes_of_a_file_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("weights");
        std::fs::write(&path, [&[b' '; N_BYTES as usize][..], b"<html>"].concat()).unwrap();
        assert_eq!(Placeholder::in_file(&path).unwrap(), None);
        std::fs::write(&path, "<html>").unwrap();
        assert_eq!(Placeholder::in_file(&path).unwrap(), Some(Placeholder::WebPage));
    }
}
