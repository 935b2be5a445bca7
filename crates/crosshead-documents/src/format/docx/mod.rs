//! DOCX: the text of each paragraph. Every other part of the archive is copied as it is.

mod archive;

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::error::{DocumentError, line_of};
use crate::escape::{Entities, Escape, unescape};
use crate::segment::{Builder, Order, Wrap};
use crate::slot::Slot;

pub(crate) use archive::Archive;

/// Elements that separate segments within a paragraph, or are paragraphs.
const SEPARATORS: [&str; 7] = ["w:p", "w:br", "w:cr", "w:tab", "w:drawing", "w:pict", "w:object"];

/// The segments of a part. Its texts are the content of `w:t` elements.
///
/// # Errors
/// If the part is not well-formed XML.
pub(super) fn slots(source: &str, part: &str) -> Result<Vec<Slot>, DocumentError> {
    let mut reader = Reader::from_str(source);
    let mut paragraph = Paragraph::default();
    let mut slots = Vec::new();
    loop {
        let start = position(reader.buffer_position());
        let event = reader.read_event().map_err(|error| DocumentError::Part {
            part: part.to_owned(),
            line: line_of(source, position(reader.error_position())),
            reason: error.to_string(),
        })?;
        let end = position(reader.buffer_position());
        match event {
            Event::Start(tag) if tag.name().as_ref() == "w:t" => {
                paragraph.current = Some((start, end));
            }
            Event::End(tag) if tag.name().as_ref() == "w:t" => {
                if let Some((tag, text)) = paragraph.current.take() {
                    paragraph.texts.push(Text { tag, text: text..start, end });
                }
            }
            Event::Start(tag) | Event::Empty(tag) if is_separator(tag.name().as_ref()) => {
                slots.extend(paragraph.flush(source));
            }
            Event::End(tag) if is_separator(tag.name().as_ref()) => {
                slots.extend(paragraph.flush(source));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    slots.extend(paragraph.flush(source));
    Ok(slots)
}

/// A position in a text in memory, which fits.
fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn is_separator(name: &str) -> bool {
    SEPARATORS.contains(&name)
}

/// A `w:t` element: the start of its tag, its content, and the end of its end tag.
#[derive(Debug)]
struct Text {
    tag: usize,
    text: Range<usize>,
    end: usize,
}

#[derive(Debug, Default)]
struct Paragraph {
    texts: Vec<Text>,
    /// The open `w:t`: the start of its tag and of its content.
    current: Option<(usize, usize)>,
}

impl Paragraph {
    /// The slot of the texts so far. The markup between texts keeps its order, because it may be anything.
    fn flush(&mut self, source: &str) -> Option<Slot> {
        let texts = std::mem::take(&mut self.texts);
        self.current = None;
        let (first, last) = (texts.first()?, texts.last()?);
        let mut builder = Builder::new(Order::Kept, Wrap::Loose);
        let mut end = first.tag;
        for Text { text, .. } in &texts {
            builder.alone(&source[end..text.start]);
            builder.text(&unescape(&source[text.clone()], Entities::Xml));
            end = text.end;
        }
        builder.alone(&source[end..last.end]);
        let range = first.tag..last.end;
        let segment = builder.finish()?;
        Some(Slot { range: range.clone(), unchanged: range, segment, escape: Escape::Docx })
    }
}
