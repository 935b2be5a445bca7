//! Reads numbered lines from files, memory and streams.

use std::fs;
use std::io::{self, BufRead, ErrorKind};
use std::path::Path;

use crosshead_files::{Placeholder, has_utf16_mark, strip_byte_order_mark};

use crate::DataError;

/// An iterator over the lines of UTF-8 text, which yields each line as soon as its line ending has been read.
///
/// A line ends with LF, CRLF or CR, as in Python's text mode; the last line may have no line ending. A byte order mark at
/// the start is skipped. Lines are checked as they are read, so an error names the first bad line. The iterator ends after
/// an error.
///
/// ```
/// use crosshead_data::LineReader;
///
/// let lines = LineReader::new("notes.txt", "\u{feff}one\r\ntwo".as_bytes());
/// assert_eq!(lines.collect::<Result<Vec<_>, _>>()?, ["one", "two"]);
/// # Ok::<(), crosshead_data::DataError>(())
/// ```
#[derive(Debug)]
pub struct LineReader<R> {
    name: String,
    input: R,
    /// The number of lines read.
    number: usize,
    /// Whether the last line ended with CR. An LF after it belongs to the same line ending.
    after_cr: bool,
    failed: bool,
}

impl<R: BufRead> LineReader<R> {
    /// Reads the lines of `input`. `name` is the file in error messages.
    pub fn new(name: impl Into<String>, input: R) -> Self {
        Self { name: name.into(), input, number: 0, after_cr: false, failed: false }
    }

    /// The next line without its line ending, and whether it has one. `None` at the end of the input.
    fn next_bytes(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        let mut line = Vec::new();
        loop {
            let bytes = match self.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            let Some(&next) = bytes.first() else {
                return Ok((!line.is_empty()).then_some((line, false)));
            };
            if std::mem::take(&mut self.after_cr) && next == b'\n' {
                self.input.consume(1);
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            self.after_cr = end.is_some_and(|end| bytes[end] == b'\r');
            let read = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(read);
            if end.is_some() {
                return Ok(Some((line, true)));
            }
        }
    }

    fn next_line(&mut self) -> Result<Option<String>, DataError> {
        self.number += 1;
        let next = self.next_bytes();
        let (name, line) = (|| self.name.clone(), self.number);
        let next = next.map_err(|source| DataError::ReadLine { name: name(), line, source })?;
        let Some((mut bytes, has_end)) = next else { return Ok(None) };
        if line == 1 {
            if has_utf16_mark(&bytes) {
                return Err(DataError::Utf16 { name: name() });
            }
            let mark_len = bytes.len() - strip_byte_order_mark(&bytes).len();
            if mark_len == bytes.len() && !has_end {
                return Ok(None);
            }
            bytes.drain(..mark_len);
        }
        if bytes.contains(&0) {
            return Err(DataError::NulByte { name: name(), line });
        }
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| DataError::InvalidUtf8 { name: name(), line })
    }
}

impl<R: BufRead> Iterator for LineReader<R> {
    type Item = Result<String, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let line = self.next_line().transpose();
        self.failed = matches!(line, Some(Err(_)));
        line
    }
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::IsADirectory => DataError::IsDirectory { path: path.to_owned() },
        _ => DataError::Read { path: path.to_owned(), source },
    })
}

/// The lines of a text with their line numbers, from 1.
pub(crate) fn lines(
    name: &str,
    bytes: &[u8],
) -> Result<impl Iterator<Item = Result<(usize, String), DataError>>, DataError> {
    let mut lines = LineReader::new(name, bytes).peekable();
    if lines.peek().is_none() {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    // Web pages are valid training text.
    if Placeholder::detect(bytes) == Some(Placeholder::LfsPointer) {
        return Err(DataError::LfsPointer { name: name.to_owned() });
    }
    Ok((1..).zip(lines).map(|(number, line)| line.map(|line| (number, line))))
}
