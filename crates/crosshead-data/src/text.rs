//! Plain text: whole, by lines, by paragraphs.

use std::path::Path;

use crate::DataError;
use crate::lines::{self, lines};

/// A piece of a plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Its first line, from 1.
    pub line: usize,
    /// The text, never blank.
    pub text: String,
}

/// Into what a plain text falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextUnit {
    /// The whole file, with its line ends as LF.
    File,
    /// Each line that isn't blank.
    Line,
    /// Each run of lines that aren't blank, its lines joined by LF.
    Paragraph,
}

/// Reads a plain text in UTF-8, with or without a byte order mark, and with LF, CRLF or CR at line ends.
///
/// # Errors
/// If the file can't be read, has nothing but white space, or has a line that isn't text in UTF-8.
pub fn read_text(path: &Path, unit: TextUnit) -> Result<Vec<Passage>, DataError> {
    parse_text(&path.display().to_string(), &lines::read(path)?, unit)
}

/// [`read_text`] for a text in memory; errors call it `name`.
///
/// # Errors
/// As [`read_text`].
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
