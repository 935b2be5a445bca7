//! Errors when reading a corpus.

use std::path::PathBuf;

/// An error in a corpus file. Lines are numbered from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file cannot be opened or read.
    #[error("{path}: cannot read: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },

    /// A line cannot be read.
    #[error("{name}, line {line}: cannot read: {source}")]
    ReadLine {
        /// The file or stream.
        name: String,
        /// The line.
        line: usize,
        /// The I/O error.
        source: std::io::Error,
    },

    /// The path is a directory.
    #[error("{path} is a directory: pass a file in it", path = .path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },

    /// The file has only blank lines, or no rows after a header.
    #[error("{name}: the file is empty: it has no lines of data")]
    EmptyFile {
        /// The file.
        name: String,
    },

    /// The file is a Git LFS pointer.
    #[error(
        "{name}: the file is a Git LFS pointer, not the file; run `git lfs pull` in its directory"
    )]
    LfsPointer {
        /// The file.
        name: String,
    },

    /// The file is not valid UTF-8.
    #[error(
        "{name}, line {line}: not valid UTF-8; convert the file to UTF-8, for example with `iconv`"
    )]
    InvalidUtf8 {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// The file is UTF-16.
    #[error(
        "{name}: the file is UTF-16; convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"
    )]
    Utf16 {
        /// The file.
        name: String,
    },

    /// A line has a NUL byte, which does not occur in UTF-8 text.
    #[error(
        "{name}, line {line}: NUL byte: the file is UTF-16 or binary; convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"
    )]
    NulByte {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// A line is blank.
    #[error("{name}, line {line}: blank line: delete it or fill it in")]
    BlankLine {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// A line does not have exactly two columns.
    #[error(
        "{name}, line {line}: {columns} column(s): the line must be `source<TAB>target`, with \
         exactly one tab"
    )]
    Columns {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The number of columns found.
        columns: usize,
    },

    /// A line has more or fewer columns than the first line.
    #[error(
        "{name}, line {line}: {columns} column(s), but the first line has {expected}: \
         check for a missing tab, or a tab inside a field"
    )]
    UnevenColumns {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The number of columns found.
        columns: usize,
        /// The number of columns in the first line.
        expected: usize,
    },

    /// The file does not have the requested column.
    #[error(
        "{name}, line {line}: no column {column}; the columns are {known}: use one of them, or its \
         number, counted from 1"
    )]
    NoSuchColumn {
        /// The file.
        name: String,
        /// The line that defines the columns.
        line: usize,
        /// The requested column.
        column: String,
        /// The columns of the file.
        known: String,
    },

    /// A word has no tag.
    #[error(
        "{name}, line {line}: one column: write the word and its tag, separated by a tab or spaces"
    )]
    NoTag {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// A field is empty.
    #[error("{name}, line {line}: the {field} is empty: fill it in or delete the line")]
    EmptyField {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// `source`, `target` or the column.
        field: String,
    },

    /// A line of a JSONL file is not a JSON object.
    #[error(
        "{name}, line {line}: {reason}: write one JSON object per line, such as {{\"text\": \"…\"}}"
    )]
    Json {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// What is wrong.
        reason: String,
    },

    /// A field of a JSON object is not a string, number or boolean.
    #[error("{name}, line {line}: {field} is {found}: it must be a string, a number or a boolean")]
    JsonField {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The field.
        field: String,
        /// The kind of value that was found.
        found: &'static str,
    },

    /// A field is not a number.
    #[error("{name}, line {line}: `{field}` is not a number")]
    NotANumber {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The text of the field.
        field: String,
    },

    /// A label is not in the label set.
    #[error(
        "{name}, line {line}: unknown label `{label}`; the labels are {known}: \
         correct it, or train with examples that have this label"
    )]
    UnseenLabel {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// The label.
        label: String,
        /// The labels of the set.
        known: String,
    },

    /// A label set has fewer than two labels.
    #[error("there are {count} label(s): a classifier needs at least two")]
    TooFewLabels {
        /// The number of labels.
        count: usize,
    },

    /// A label occurs twice in a label set.
    #[error("label `{label}` occurs twice in the list of labels")]
    RepeatedLabel {
        /// The label.
        label: String,
    },
}
