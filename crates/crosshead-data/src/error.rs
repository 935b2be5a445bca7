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

    /// A directory where a file belongs.
    #[error("{path} is a directory: name a file in it, with one `source<TAB>target` pair a line", path = .path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },

    /// A file without a single line.
    #[error("{name}: the file is empty: expected one `source<TAB>target` pair a line")]
    EmptyFile {
        /// The file.
        name: String,
    },

    /// Bytes that are not text.
    #[error("{name}, line {line}: not valid UTF-8: save the file as UTF-8")]
    InvalidUtf8 {
        /// The file.
        name: String,
        /// The line.
        line: usize,
    },

    /// A line with nothing on it.
    #[error("{name}, line {line}: blank line: delete it, or fill in `source<TAB>target`")]
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

    /// A pair with one side missing.
    #[error("{name}, line {line}: the {side} is empty: fill it in or delete the line")]
    EmptyField {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// `source` or `target`.
        side: &'static str,
    },
}
