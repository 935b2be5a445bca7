//! Reads plain text as a single text, by line or by paragraph.

use std::path::Path;

use crate::DataError;
use crate::lines::{self, lines};

/// A passage of a plain text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The number of its first line, from 1.
    pub line: usize,
    /// The text. It is never blank.
    pub text: String,
}

/// The unit into which a plain text file is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextUnit {
    /// The complete file, with LF line endings.
    File,
    /// Each non-blank line.
    Line,
    /// Each run of non-blank lines, joined by LF.
    Paragraph,
}

/// Reads a plain text file in UTF-8, with or without a byte order mark, and with LF, CRLF or CR line endings.
///
/// # Errors
/// If the file cannot be read, has only white space, or has a line that is not valid UTF-8.
pub fn read_text(path: &Path, unit: TextUnit) -> Result<Vec<Passage>, DataError> {
    parse_text(&path.display().to_string(), &lines::read(path)?, unit)
}

/// [`read_text`] for text in memory. `name` is the file in error messages.
///
/// # Errors
/// See [`read_text`].
pub fn parse_text(name: &str, text: &[u8], unit: TextUnit) -> Result<Vec<Passage>, DataError> {
    let mut passages: Vec<Passage> = Vec::new();
    let mut open = false;
    for line in lines(name, text)? {
        let (line, text) = line?;
        let blank = text.trim().is_empty();
        let continues = match unit {
            TextUnit::File => !passages.is_empty(),
            TextUnit::Line => false,
            TextUnit::Paragraph => open,
        };
        open = !blank;
        match passages.last_mut() {
            Some(passage) if continues && (!blank || unit == TextUnit::File) => {
                passage.text.push('\n');
                passage.text.push_str(&text);
            }
            _ if !blank || unit == TextUnit::File => {
                passages.push(Passage { line, text });
            }
            _ => {}
        }
    }
    if unit == TextUnit::File && matches!(text.last(), Some(b'\n' | b'\r')) {
        passages.iter_mut().for_each(|passage| passage.text.push('\n'));
    }
    if passages.iter().all(|passage| passage.text.trim().is_empty()) {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    Ok(passages)
}
