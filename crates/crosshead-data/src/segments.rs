//! Reads the segments that a metric compares line by line.

use std::path::Path;

use crosshead_files::{Placeholder, has_utf16_mark, strip_byte_order_mark};

use crate::{DataError, lines};

/// Reads the lines of a UTF-8 file, with or without a byte order mark. Blank lines count.
///
/// A line ends with LF and with nothing else, as in sacreBLEU: a CR before the LF, or a line separator (U+2028), is part of
/// the line, so that both sides of a corpus keep the same number of lines.
///
/// # Errors
/// If the file cannot be read, is empty, or has a line that is not valid UTF-8.
pub fn read_segments(path: &Path) -> Result<Vec<String>, DataError> {
    parse_segments(&path.display().to_string(), &lines::read(path)?)
}

/// [`read_segments`] for text in memory. `name` is the file in error messages.
///
/// # Errors
/// See [`read_segments`].
pub fn parse_segments(name: &str, text: &[u8]) -> Result<Vec<String>, DataError> {
    if has_utf16_mark(text) {
        return Err(DataError::Utf16 { name: name.to_owned() });
    }
    if Placeholder::detect(text) == Some(Placeholder::LfsPointer) {
        return Err(DataError::LfsPointer { name: name.to_owned() });
    }
    let text = strip_byte_order_mark(text);
    if text.is_empty() {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    let segments = text.strip_suffix(b"\n").unwrap_or(text).split(|&byte| byte == b'\n');
    let decoded = (1..).zip(segments).map(|(line, segment)| {
        if segment.contains(&0) {
            return Err(DataError::NulByte { name: name.to_owned(), line });
        }
        let text = std::str::from_utf8(segment);
        text.map(str::to_owned).map_err(|_| DataError::InvalidUtf8 { name: name.to_owned(), line })
    });
    decoded.collect()
}
