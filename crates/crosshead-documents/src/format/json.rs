//! JSON and JSON Lines: the texts at given fields.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::Fields;
use crate::error::{DocumentError, line_of};
use crate::escape::Escape;
use crate::segment::{Builder, Order, Wrap};
use crate::slot::Slot;

/// What a file contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One document.
    Document,
    /// One document for each line.
    Lines,
}

/// The segments at the fields.
///
/// # Errors
/// If a document is not valid JSON, no field is given, or a field is nowhere a text.
pub(super) fn slots(source: &str, fields: &Fields, kind: Kind) -> Result<Vec<Slot>, DocumentError> {
    if fields.names().is_empty() {
        return Err(DocumentError::FieldsNeeded);
    }
    let paths: Vec<Vec<&str>> =
        fields.names().iter().map(|name| name.split('.').collect()).collect();
    let mut found = vec![false; paths.len()];
    let mut slots = Vec::new();
    let documents = match kind {
        Kind::Document => vec![whole(source)],
        Kind::Lines => lines(source),
    };
    for document in documents {
        validate(source, &document)?;
        for text in texts(source, document) {
            let matching = |path: &&Vec<&str>| matches(path, &text.path);
            let Some(index) = paths.iter().position(|path| matching(&path)) else { continue };
            found[index] = true;
            slots.extend(slot(source, text.range)?);
        }
    }
    match found.iter().position(|found| !found) {
        Some(index) if !source.trim().is_empty() => {
            Err(DocumentError::NoField { field: fields.names()[index].clone() })
        }
        Some(_) | None => Ok(slots),
    }
}

fn whole(source: &str) -> Range<usize> {
    0..source.len()
}

fn lines(source: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in source.split_inclusive('\n') {
        if !line.trim().is_empty() {
            lines.push(start..start + line.len());
        }
        start += line.len();
    }
    lines
}

fn validate(source: &str, document: &Range<usize>) -> Result<(), DocumentError> {
    let parsed = serde_json::from_str::<IgnoredAny>(&source[document.clone()]);
    parsed.map(|_| ()).map_err(|error| {
        let line = line_of(source, document.start) + error.line().max(1) - 1;
        DocumentError::Syntax { line, reason: error.to_string() }
    })
}

fn matches(path: &[&str], keys: &[String]) -> bool {
    path.len() == keys.len()
        && path.iter().zip(keys).all(|(name, key)| *name == "*" || *name == key)
}

fn slot(source: &str, range: Range<usize>) -> Result<Option<Slot>, DocumentError> {
    let text = decoded(source, &range)?;
    let mut builder = Builder::new(Order::Free, Wrap::Loose);
    builder.tagged(&text);
    let slot = builder.finish().map(|segment| Slot {
        range: range.clone(),
        unchanged: range,
        segment,
        escape: Escape::Json,
    });
    Ok(slot)
}

fn decoded(source: &str, range: &Range<usize>) -> Result<String, DocumentError> {
    serde_json::from_str(&source[range.clone()])
        .map_err(|error| DocumentError::syntax(source, range.start, error.to_string()))
}

/// A text and the keys that lead to it.
struct Text {
    path: Vec<String>,
    range: Range<usize>,
}

/// The string values of a valid JSON document.
fn texts(source: &str, document: Range<usize>) -> Vec<Text> {
    let bytes = source.as_bytes();
    let mut texts = Vec::new();
    // For each open object its current key, for each open array nothing.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut is_key = false;
    let mut at = document.start;
    while at < document.end {
        match bytes[at] {
            b'{' => {
                open.push(Some(String::new()));
                is_key = true;
            }
            b'[' => {
                open.push(None);
                is_key = false;
            }
            b'}' | b']' => {
                open.pop();
                is_key = false;
            }
            b',' => is_key = matches!(open.last(), Some(Some(_))),
            b':' => is_key = false,
            b'"' => {
                let end = string_end(bytes, at);
                if is_key {
                    let key = decoded(source, &(at..end)).unwrap_or_default();
                    if let Some(current) = open.last_mut() {
                        *current = Some(key);
                    }
                } else {
                    let path = open.iter().flatten().cloned().collect();
                    texts.push(Text { path, range: at..end });
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    texts
}

/// The end of the string that starts at `start`, after its quotation mark.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}
