//! Files of sentence pairs, one `source<TAB>target` per line.

use std::path::Path;

use crate::DataError;
use crate::lines;

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
/// The file is UTF-8, with or without a byte order mark; lines end with LF, CRLF or CR, the last one with or without.
/// There is no header, quoting or escaping, and fields are taken as they are. For other columns and JSONL see
/// [`read_rows`](crate::read_rows).
///
/// # Errors
/// If the file can't be read or is empty, or a line is blank, is not UTF-8, hasn't exactly two columns, or has an
/// empty one.
pub fn read_pairs(path: &Path) -> Result<Vec<Pair>, DataError> {
    parse_pairs(&path.display().to_string(), &lines::read(path)?)
}

/// [`read_pairs`] for a text in memory; errors call it `name`.
///
/// # Errors
/// As [`read_pairs`].
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
