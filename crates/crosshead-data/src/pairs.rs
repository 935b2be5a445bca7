//! Reads source-target pairs, one `source<TAB>target` per line.

use std::path::Path;

use crate::DataError;
use crate::lines;

/// A source text and its target, such as a translation or a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The encoder's text.
    pub source: String,
    /// The text that the decoder learns to generate.
    pub target: String,
}

/// Reads a file of pairs, one `source<TAB>target` per line.
///
/// The file is UTF-8, with or without a byte order mark. Lines end with LF, CRLF or CR; the last line ending is optional.
/// There is no header, quoting or escaping. For other columns and JSONL, see [`read_rows`](crate::read_rows).
///
/// # Errors
/// If the file cannot be read or is empty, or a line is blank, is not UTF-8, does not have exactly two columns, or has
/// an empty column.
pub fn read_pairs(path: &Path) -> Result<Vec<Pair>, DataError> {
    parse_pairs(&path.display().to_string(), &lines::read(path)?)
}

/// [`read_pairs`] for text in memory. `name` is the file in error messages.
///
/// # Errors
/// See [`read_pairs`].
pub fn parse_pairs(name: &str, text: &[u8]) -> Result<Vec<Pair>, DataError> {
    let parse_line = |(line, text): (usize, String)| parse_line(name, line, &text);
    lines::lines(name, text)?.map(|line| line.and_then(parse_line)).collect()
}

fn parse_line(name: &str, line: usize, text: &str) -> Result<Pair, DataError> {
    let name = || name.to_owned();
    if text.bytes().all(|byte| byte == b' ') {
        return Err(DataError::BlankLine { name: name(), line });
    }
    let columns: Vec<&str> = text.split('\t').collect();
    let &[source, target] = columns.as_slice() else {
        return Err(DataError::Columns { name: name(), line, columns: columns.len() });
    };
    for (field, value) in [("source", source), ("target", target)] {
        if value.trim().is_empty() {
            return Err(DataError::EmptyField { name: name(), line, field: field.to_owned() });
        }
    }
    Ok(Pair { source: source.to_owned(), target: target.to_owned() })
}
