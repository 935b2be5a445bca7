//! UTF-8 text files, including files with a byte order mark.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The byte order marks of UTF-16. Those of UTF-32 begin with the same bytes or with a NUL.
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A text in the wrong encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// The text begins with a byte order mark of UTF-16.
    Utf16,
    /// The text is not valid UTF-8.
    NotUtf8 {
        /// The first invalid line, from 1.
        line: usize,
    },
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16 => "this is UTF-16, convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)",
            Self::NotUtf8 { .. } => "not valid UTF-8, save it as UTF-8",
        })
    }
}

impl Error for TextError {}

/// Whether bytes begin with a byte order mark of UTF-16.
pub fn has_utf16_mark(bytes: &[u8]) -> bool {
    UTF_16_MARKS.iter().any(|mark| bytes.starts_with(mark))
}

/// The bytes without the UTF-8 byte order mark that some editors write at the start of a file.
pub fn strip_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Decodes UTF-8, with or without a byte order mark.
///
/// # Errors
/// If the bytes are UTF-16 or not valid UTF-8.
pub fn decode_text(bytes: Vec<u8>) -> Result<String, TextError> {
    if has_utf16_mark(&bytes) {
        return Err(TextError::Utf16);
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        TextError::NotUtf8 { line: 1 + valid.iter().filter(|&&byte| byte == b'\n').count() }
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(text)
}

/// Reads a text file in UTF-8, with or without a byte order mark.
///
/// # Errors
/// If the file cannot be read, or [`decode_text`] fails; the latter is an [`io::ErrorKind::InvalidData`].
pub fn read_text(path: &Path) -> io::Result<String> {
    decode_text(fs::read(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_skipped_and_utf_16_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        fs::write(&path, "\u{feff}{}\u{feff}").unwrap();
        assert_eq!(read_text(&path).unwrap(), "{}\u{feff}");
        fs::write(&path, b"\xff\xfe{\0}\0").unwrap();
        let error = read_text(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains("UTF-16"), "{error}");
        assert_eq!(decode_text(b"\xfe\xff\0{".to_vec()), Err(TextError::Utf16));
    }

    #[test]
    fn invalid_utf_8_is_reported_with_its_line() {
        assert_eq!(decode_text(b"a\nb\xff\n".to_vec()), Err(TextError::NotUtf8 { line: 2 }));
        assert_eq!(decode_text(b"\xef\xbb".to_vec()), Err(TextError::NotUtf8 { line: 1 }));
        assert_eq!(decode_text(Vec::new()), Ok(String::new()));
    }
}
