//! Reads selected columns of TSV and JSONL files.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::lines;
use crate::{DataError, Pair};

mod jsonl;
mod tsv;

/// A column of a file, by name or by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// The column's number, from 1. In JSONL, the field with this name.
    Number(usize),
    /// The column's name in the header of a TSV file, or the name of a JSONL field.
    Name(String),
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => write!(f, "`{name}`"),
        }
    }
}

impl From<usize> for Column {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

/// The format of a file of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Fields separated by tabs, without quoting or escaping. If any column is requested by name, the first line is a
    /// header.
    Tsv {
        /// Whether the first line is a header even if no column is requested by name.
        header: bool,
    },
    /// One JSON object per line.
    Jsonl,
}

impl Format {
    /// The format by file extension: JSONL for `.jsonl`, `.ndjson` and `.json`, otherwise TSV.
    pub fn of_name(name: &str, header: bool) -> Self {
        match Path::new(name).extension().and_then(|extension| extension.to_str()) {
            Some("jsonl" | "ndjson" | "json") => Self::Jsonl,
            _ => Self::Tsv { header },
        }
    }
}

/// The requested fields of one line, in the requested order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<const N: usize> {
    /// The line number, from 1.
    pub line: usize,
    /// The fields, none of which is blank.
    pub fields: [String; N],
}

impl From<Row<2>> for Pair {
    fn from(Row { fields: [source, target], .. }: Row<2>) -> Self {
        Self { source, target }
    }
}

/// Reads the given columns of a file.
///
/// The file is UTF-8, with or without a byte order mark. Lines end with LF, CRLF or CR; the last line ending is optional.
/// Every line of a TSV file must have the same number of columns. Numbers and booleans of a JSONL file keep their JSON
/// spelling.
///
/// # Errors
/// If the file cannot be read or is empty, a line is blank, not UTF-8 or not in the format, a column is missing, or a
/// field is empty.
pub fn read_rows<const N: usize>(
    path: &Path,
    format: Format,
    columns: [&Column; N],
) -> Result<Vec<Row<N>>, DataError> {
    parse_rows(&path.display().to_string(), &lines::read(path)?, format, columns)
}

/// [`read_rows`] for text in memory. `name` is the file in error messages.
///
/// # Errors
/// See [`read_rows`].
pub fn parse_rows<const N: usize>(
    name: &str,
    text: &[u8],
    format: Format,
    columns: [&Column; N],
) -> Result<Vec<Row<N>>, DataError> {
    let rows = match format {
        Format::Tsv { header } => tsv::parse(name, text, header, columns)?,
        Format::Jsonl => jsonl::parse(name, text, columns)?,
    };
    for row in &rows {
        let mut fields = row.fields.iter().zip(columns);
        if let Some((_, column)) = fields.find(|(field, _)| field.trim().is_empty()) {
            return Err(DataError::EmptyField {
                name: name.to_owned(),
                line: row.line,
                field: format!("column {column}"),
            });
        }
    }
    Ok(rows)
}
