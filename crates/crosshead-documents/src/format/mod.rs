//! The formats of documents: each finds the segments of a text.

mod docx;
mod html;
mod json;
mod markdown;
mod po;
mod subtitles;
mod text;
mod tsv;

use std::path::Path;

use crate::error::DocumentError;
use crate::slot::Slot;

pub(crate) use docx::Archive;

/// The format of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plain text. Each line is a paragraph.
    Text,
    /// CommonMark with tables, strikethrough, footnotes and task lists. Code and blocks of HTML stay.
    Markdown,
    /// HTML. Scripts, styles, `pre`, code, attributes and elements with `translate="no"` stay.
    Html,
    /// Subtitles in SubRip.
    Srt,
    /// Subtitles in WebVTT.
    Vtt,
    /// Gettext's PO. Empty translations are filled in; existing ones stay.
    Po,
    /// A JSON document: texts at these fields.
    Json(Fields),
    /// One JSON document for each line: texts at these fields.
    JsonLines(Fields),
    /// Tab-separated values: these columns, from 1.
    Tsv(Vec<usize>),
    /// Word's DOCX: text, footnotes, endnotes, comments, headers and footers.
    Docx,
}

/// The names of fields in JSON, as in `title` or `items.title`. An array needs no name, and `*` is any name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<String>);

impl Fields {
    /// Fields by their names.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

impl Format {
    /// The names that [`Format::from_name`] knows.
    pub const NAMES: [&'static str; 10] =
        ["txt", "md", "html", "srt", "vtt", "po", "json", "jsonl", "tsv", "docx"];

    /// The format of this name, with the fields of JSON and the columns of TSV.
    pub fn from_name(name: &str, fields: Fields, columns: Vec<usize>) -> Option<Self> {
        Some(match name {
            "txt" | "text" => Self::Text,
            "md" | "markdown" => Self::Markdown,
            "html" | "htm" | "xhtml" => Self::Html,
            "srt" => Self::Srt,
            "vtt" => Self::Vtt,
            "po" | "pot" => Self::Po,
            "json" => Self::Json(fields),
            "jsonl" | "ndjson" => Self::JsonLines(fields),
            "tsv" | "tab" => Self::Tsv(columns),
            "docx" => Self::Docx,
            _ => return None,
        })
    }

    /// The format of a file, by its extension.
    pub fn from_path(path: &Path, fields: Fields, columns: Vec<usize>) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::from_name(&extension, fields, columns)
    }

    /// The segments of a text.
    pub(crate) fn slots(&self, source: &str) -> Result<Vec<Slot>, DocumentError> {
        match self {
            Self::Text => Ok(text::slots(source)),
            Self::Markdown => Ok(markdown::slots(source)),
            Self::Html => html::slots(source),
            Self::Srt => subtitles::slots(source, subtitles::Kind::Srt),
            Self::Vtt => subtitles::slots(source, subtitles::Kind::Vtt),
            Self::Po => po::slots(source),
            Self::Json(fields) => json::slots(source, fields, json::Kind::Document),
            Self::JsonLines(fields) => json::slots(source, fields, json::Kind::Lines),
            Self::Tsv(columns) => tsv::slots(source, columns),
            // Its parts are read by `Archive`.
            Self::Docx => docx::slots(source, "word/document.xml"),
        }
    }
}

/// A text in UTF-8, and its byte order mark or nothing.
///
/// # Errors
/// If it is not UTF-8.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<(&'static str, String), DocumentError> {
    let mark = if bytes.starts_with("\u{feff}".as_bytes()) { "\u{feff}" } else { "" };
    let text =
        crosshead_files::decode_text(bytes).map_err(|reason| DocumentError::Encoding { reason })?;
    Ok((mark, text))
}
