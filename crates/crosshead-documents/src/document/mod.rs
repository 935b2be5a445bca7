//! A document: its segments, and everything else byte for byte.

mod options;
mod translated;

use std::path::Path;

use crate::error::{DocumentError, TranslateError};
use crate::format::{Archive, Format, decode};
use crate::segment::Segment;
use crate::slot::Part;
use crate::translate::Translate;

pub use options::TranslateOptions;
pub use translated::Translated;

/// A document in memory.
#[derive(Debug)]
pub struct Document {
    parts: Vec<Part>,
    container: Container,
}

/// What the parts are in.
#[derive(Debug)]
pub(crate) enum Container {
    /// A text file.
    Text {
        /// The byte order mark, or nothing.
        mark: &'static str,
    },
    /// A DOCX file.
    Archive(Archive),
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// If the bytes are not valid in this format; the error names the line.
    pub fn parse(bytes: Vec<u8>, format: &Format) -> Result<Self, DocumentError> {
        if *format == Format::Docx {
            let (archive, parts) = Archive::read(bytes)?;
            return Ok(Self { parts, container: Container::Archive(archive) });
        }
        let (mark, source) = decode(bytes)?;
        let slots = format.slots(&source)?;
        let part = Part { name: String::new(), source, slots };
        Ok(Self { parts: vec![part], container: Container::Text { mark } })
    }

    /// The segments, in the order of the document.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.parts.iter().flat_map(|part| &part.slots).map(|slot| &slot.segment)
    }

    /// Translates all segments: splits them into sentences, translates these in batches across segments, joins them with
    /// their spacing, and puts the markup back.
    ///
    /// Sentences without words are not translated. `progress` gets the number of sentences that are done, and of all.
    ///
    /// # Errors
    /// If the translation fails, or returns another number of sentences.
    pub fn translate<T: Translate>(
        &self,
        options: &TranslateOptions,
        translator: &mut T,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<Translated>, TranslateError<T::Error>> {
        translated::translate(self.segments(), options, translator, progress)
    }

    /// Writes the document with translated segments to a file, which is replaced as a whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written, or [`write`](Self::write) fails.
    ///
    /// # Panics
    /// If there is not one translation for each segment.
    pub fn save(&self, translated: &[Translated], path: &Path) -> Result<(), DocumentError> {
        Ok(crosshead_files::write_atomic(path, &self.write(translated)?)?)
    }

    /// The document with translated segments; all other bytes are those of the source.
    ///
    /// # Errors
    /// If a DOCX file cannot be packed.
    ///
    /// # Panics
    /// If there is not one translation for each segment.
    pub fn write(&self, translated: &[Translated]) -> Result<Vec<u8>, DocumentError> {
        assert_eq!(translated.len(), self.segments().count(), "one translation for each segment");
        let mut rest = translated;
        let mut texts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let (own, after) = rest.split_at(part.slots.len());
            texts.push(part.write(own.iter().map(|translated| &translated.placed)));
            rest = after;
        }
        match &self.container {
            Container::Text { mark } => Ok([mark.as_bytes(), texts.concat().as_bytes()].concat()),
            Container::Archive(archive) => {
                let changed = self.parts.iter().zip(&texts);
                let changed = changed.filter(|(part, text)| part.source != **text);
                let changed: Vec<_> =
                    changed.map(|(part, text)| (part.name.as_str(), text.as_str())).collect();
                archive.write(&changed)
            }
        }
    }
}
