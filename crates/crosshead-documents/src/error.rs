//! What can be wrong with a document.

use std::io;

use crosshead_files::TextError;

/// A document that cannot be read or written. Add the file's name to the message.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The text is not UTF-8.
    #[error("{}{reason}", at_line(reason))]
    Encoding {
        /// What is wrong.
        reason: TextError,
    },
    /// A line is not valid in this format.
    #[error("line {line}: {reason}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// A part of a DOCX file is not valid.
    #[error("{part}, line {line}: {reason}")]
    Part {
        /// The name of the part, such as `word/document.xml`.
        part: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A DOCX file is not a valid archive.
    #[error("not a valid DOCX file: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// A DOCX file lacks its main part.
    #[error("not a DOCX file: it has no word/document.xml")]
    NotDocx,
    /// A DOCX file is too large when it is unpacked.
    #[error("the text of this DOCX file has more than {limit} bytes when unpacked; split the file")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The HTML parser ran out of the memory that it may use.
    #[error("the HTML is too deeply nested or has too large a tag: {0}")]
    Html(String),
    /// No field of this name is a text in the file.
    #[error("no text at field `{field}`; name fields as in `title` or `items.title`")]
    NoField {
        /// The field.
        field: String,
    },
    /// The format needs the names of fields.
    #[error("name the fields to translate, as in `text` or `items.title`")]
    FieldsNeeded,
    /// The format needs the numbers of columns.
    #[error("give the columns to translate, counted from 1")]
    ColumnsNeeded,
    /// Reading or writing a part of a DOCX file failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl DocumentError {
    /// An error at a byte of a text.
    pub(crate) fn syntax(text: &str, at: usize, reason: impl Into<String>) -> Self {
        Self::Syntax { line: line_of(text, at), reason: reason.into() }
    }
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count()
}

fn at_line(reason: &TextError) -> String {
    match reason {
        TextError::Utf16 => String::new(),
        TextError::NotUtf8 { line } => format!("line {line}: "),
    }
}

/// A translation of a document that failed.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError<E> {
    /// The translation itself.
    #[error(transparent)]
    Translation(E),
    /// The number of translations is not the number of sentences.
    #[error("{sentences} sentences gave {translations} translations")]
    Count {
        /// The sentences in a batch.
        sentences: usize,
        /// Their translations.
        translations: usize,
    },
    /// The document could not be written.
    #[error("{0}")]
    Document(DocumentError),
}
