//! Chosen columns of TSV and JSONL files.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::lines;
use crate::{DataError, Pair};

mod jsonl;
mod tsv;

/// A column of a file: by its name, or in a TSV file by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// The column's number, from 1.
    Number(usize),
    /// The column's name in the first line of a TSV file, or the name of a field in JSONL.
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

/// How the lines of a file are made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Fields between tabs, with no quoting or escaping. If any column is asked for by name, the first line has the
    /// names.
    Tsv {
        /// Whether the first line has names although no column is asked for by name.
        header: bool,
    },
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// The format that a file's name tells: JSONL for `.jsonl`, `.ndjson` and `.json`, otherwise TSV.
    pub fn of_name(name: &str, header: bool) -> Self {
        match Path::new(name).extension().and_then(|extension| extension.to_str()) {
            Some("jsonl" | "ndjson" | "json") => Self::Jsonl,
            _ => Self::Tsv { header },
        }
    }
}

/// The fields of one line that were asked for, in that order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<const N: usize> {
    /// The line, from 1.
    pub line: usize,
    /// The fields, none of them blank.
    pub fields: [String; N],
}

impl From<Row<2>> for Pair {
    fn from(Row { fields: [source, target], .. }: Row<2>) -> Self {
        Self { source, target }
    }
}

/// Reads columns of a file.
///
/// The file is UTF-8, with or without a byte order mark; lines end with LF or CRLF, the last one with or without. Every
/// line of a TSV file has the same number of columns. In JSONL numbers and truth values are taken as JSON writes them.
///
/// # Errors
/// If the file can't be read or is empty, a line is blank, isn't UTF-8 or isn't of the format, or a column is missing or
/// has an empty field.
pub fn read_rows<const N: usize>(
    path: &Path,
    format: Format,
    columns: [&Column; N],
) -> Result<Vec<Row<N>>, DataError> {
    parse_rows(&path.display().to_string(), &lines::read(path)?, format, columns)
}

/// [`read_rows`] for a text in memory; errors call it `name`.
///
/// # Errors
/// As [`read_rows`].
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
