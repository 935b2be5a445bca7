use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::DataError;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One sentence and what it should become: a translation, a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What the encoder reads.
    pub source: String,
    /// What the decoder learns to write.
    pub target: String,
}

/// Reads a file of pairs, one `source<TAB>target` a line.
///
/// The file is UTF-8, with or without a byte order mark; lines end with LF or CRLF, the last one with or without.
/// There is no header, quoting or escaping, and fields are taken as they are.
///
/// # Errors
/// If the file can't be read or is empty, or a line is blank, is not UTF-8, hasn't exactly two columns, or has an
/// empty one.
pub fn read_pairs(path: &Path) -> Result<Vec<Pair>, DataError> {
    let text = fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::IsADirectory => DataError::IsDirectory { path: path.to_owned() },
        _ => DataError::Read { path: path.to_owned(), source },
    })?;
    parse_pairs(&path.display().to_string(), &text)
}

/// [`read_pairs`] for a text in memory; errors call it `name`.
///
/// # Errors
/// As [`read_pairs`].
pub fn parse_pairs(name: &str, text: &[u8]) -> Result<Vec<Pair>, DataError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.is_empty() {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines = text.split(|&byte| byte == b'\n').zip(1..);
    lines.map(|(bytes, line)| parse_line(name, line, bytes)).collect()
}

fn parse_line(name: &str, line: usize, bytes: &[u8]) -> Result<Pair, DataError> {
    let name = || name.to_owned();
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let text = str::from_utf8(bytes).map_err(|_| DataError::InvalidUtf8 { name: name(), line })?;
    if text.bytes().all(|byte| byte == b' ') {
        return Err(DataError::BlankLine { name: name(), line });
    }
    let columns: Vec<&str> = text.split('\t').collect();
    let &[source, target] = columns.as_slice() else {
        return Err(DataError::Columns { name: name(), line, columns: columns.len() });
    };
    for (side, field) in [("source", source), ("target", target)] {
        if field.trim().is_empty() {
            return Err(DataError::EmptyField { name: name(), line, side });
        }
    }
    Ok(Pair { source: source.to_owned(), target: target.to_owned() })
}
