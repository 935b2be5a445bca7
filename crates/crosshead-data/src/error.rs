//! What can be wrong with a corpus.

use std::path::PathBuf;

/// What can be wrong with a corpus file. Lines count from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file can't be opened or read.
    #[error("{path}: can't read: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// A line can't be read.
    #[error("{name}, line {line}: can't read: {source}")]
    ReadLine {
        /// The file or stream.
        name: String,
        /// The line.
        line: usize,
        /// What the system said.
        source: std::io::Error,
    },

    /// A directory where a file belongs.
    #[error("{path} is a directory: name a file in it", path = .path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },

    /// A file with no text in it.
    #[error("{name}: the file is empty: there is no line with text in it")]
    EmptyFile {
        /// The file.
        name: String,
    },

    /// A pointer of Git LFS in the place of the file.
    #[error(
        "{name}: the file is a Git LFS pointer, not the file; run `git lfs pull` in its directory"
    )]
    LfsPointer {
        /// The file.
        name: String,
    },

    /// Bytes that are not text.
    #[error(
        "{name}, line {line}: not valid UTF-8: convert the text to UTF-8, for example with iconv"
    )]
    InvalidUtf8 {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// Text in another encoding.
    #[error(
        "{name}: this is UTF-16, convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"
    )]
    Utf16 {
        /// The file.
        name: String,
    },

    /// A NUL byte, which no text in UTF-8 has.
    #[error(
        "{name}, line {line}: a NUL byte: the text is UTF-16 or not a text at all; convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"
    )]
    NulByte {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// A line with nothing on it.
    #[error("{name}, line {line}: blank line: delete it or fill it in")]
    BlankLine {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// A line that isn't a pair.
    #[error(
        "{name}, line {line}: {columns} column(s): write `source<TAB>target`, with exactly one tab"
    )]
    Columns {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The number of columns found.
        columns: usize,
    },

    /// A line with more or fewer columns than the first.
    #[error(
        "{name}, line {line}: {columns} column(s), but the first line has {expected}: \
         look for a missing tab, or for one inside a field"
    )]
    UnevenColumns {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The number of columns found.
        columns: usize,
        /// The number of columns of the first line.
        expected: usize,
    },

    /// A column that the file doesn't have.
    #[error(
        "{name}, line {line}: no column {column}; there are {known}: \
         give one of them, or its number, counted from 1"
    )]
    NoSuchColumn {
        /// The file.
        name: String,
        /// The line that shows the columns.
        line: usize,
        /// The column that was asked for.
        column: String,
        /// The columns that there are.
        known: String,
    },

    /// A field with nothing in it.
    #[error("{name}, line {line}: the {field} is empty: fill it in or delete the line")]
    EmptyField {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// `source` or `target` of a pair, or a column.
        field: String,
    },

    /// A line of a JSONL file that isn't a JSON object.
    #[error(
        "{name}, line {line}: {reason}: write one JSON object a line, as in {{\"text\": \"…\"}}"
    )]
    Json {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// What is wrong.
        reason: String,
    },

    /// A field of a JSON object that can't be read as text.
    #[error("{name}, line {line}: {field} is {found}: write text, a number or a truth value")]
    JsonField {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The field.
        field: String,
        /// What is there.
        found: &'static str,
    },

    /// A label that isn't one of the set.
    #[error(
        "{name}, line {line}: label `{label}` is none of {known}: \
         correct it, or train with examples that have it"
    )]
    UnseenLabel {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The label.
        label: String,
        /// The labels that there are.
        known: String,
    },

    /// A set of labels that tells nothing apart.
    #[error("there are {count} label(s): a classifier needs at least two")]
    TooFewLabels {
        /// The number of labels.
        count: usize,
    },

    /// A label that a set has twice.
    #[error("label `{label}` occurs twice in the list of labels")]
    RepeatedLabel {
        /// The label.
        label: String,
    },
}
