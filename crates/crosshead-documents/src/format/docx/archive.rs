//! The archive of a DOCX file.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::slots;
use crate::error::DocumentError;
use crate::format::decode;
use crate::slot::Part;

/// The most bytes of all texts together when they are unpacked.
const LIMIT: u64 = 256 << 20;

/// The main part.
const MAIN: &str = "word/document.xml";

/// A DOCX file as it was read.
#[derive(Debug)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
}

impl Archive {
    /// Reads an archive and its parts with text.
    ///
    /// # Errors
    /// If it is not a DOCX file, a part is not well-formed, or the parts are too large.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<(Self, Vec<Part>), DocumentError> {
        Self::read_up_to(bytes, LIMIT)
    }

    fn read_up_to(bytes: Vec<u8>, limit: u64) -> Result<(Self, Vec<Part>), DocumentError> {
        let mut archive = ZipArchive::new(Cursor::new(bytes.as_slice()))?;
        let mut parts = Vec::new();
        let mut left = limit;
        for index in 0..archive.len() {
            let mut file = archive.by_index(index)?;
            let name = String::from_utf8_lossy(file.name_raw()).into_owned();
            if !has_text(&name) {
                continue;
            }
            let mut content = Vec::new();
            // Sizes in the archive may lie, so the unpacked bytes are counted.
            (&mut file).take(left + 1).read_to_end(&mut content)?;
            left =
                left.checked_sub(content.len() as u64).ok_or(DocumentError::TooLarge { limit })?;
            let (mark, source) = decode(content)?;
            let source = if mark.is_empty() { source } else { format!("{mark}{source}") };
            let slots = slots(&source, &name)?;
            parts.push(Part { name, source, slots });
        }
        if !parts.iter().any(|part| part.name == MAIN) {
            return Err(DocumentError::NotDocx);
        }
        drop(archive);
        Ok((Self { bytes }, parts))
    }

    /// The archive with changed parts, by their names.
    ///
    /// # Errors
    /// If it cannot be packed.
    pub(crate) fn write(&self, changed: &[(&str, &str)]) -> Result<Vec<u8>, DocumentError> {
        if changed.is_empty() {
            return Ok(self.bytes.clone());
        }
        let mut archive = ZipArchive::new(Cursor::new(self.bytes.as_slice()))?;
        let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(self.bytes.len())));
        for index in 0..archive.len() {
            let file = archive.by_index_raw(index)?;
            let found = changed.iter().find(|(name, _)| name.as_bytes() == file.name_raw());
            match found {
                Some((name, text)) => {
                    let options = SimpleFileOptions::default()
                        .compression_method(CompressionMethod::Deflated);
                    writer.start_file(*name, options)?;
                    writer.write_all(text.as_bytes())?;
                }
                None => writer.raw_copy_file(file)?,
            }
        }
        Ok(writer.finish()?.into_inner())
    }
}

/// Whether a part has text of the document.
fn has_text(name: &str) -> bool {
    let Some(part) = name.strip_prefix("word/").and_then(|name| name.strip_suffix(".xml")) else {
        return false;
    };
    let kind = part.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(kind, "document" | "footnotes" | "endnotes" | "comments" | "header" | "footer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_unpacks_to_more_than_the_limit_is_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(MAIN, options).unwrap();
        writer.write_all(&vec![b' '; 100_000]).unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        assert!(bytes.len() < 1000);
        let error = Archive::read_up_to(bytes, 99_999).unwrap_err();
        assert!(matches!(error, DocumentError::TooLarge { limit: 99_999 }), "{error}");
    }
}
