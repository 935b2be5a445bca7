//! Gettext's PO files. The `polib` crate rewraps what it writes, so this reader keeps the bytes.

use std::ops::Range;

use crate::error::DocumentError;
use crate::escape::Escape;
use crate::segment::{Builder, Order, Wrap};
use crate::slot::Slot;

/// A string: the bytes of all its quoted lines, and its value.
#[derive(Debug, Default)]
struct Field {
    range: Range<usize>,
    value: String,
}

/// An entry as far as it is read.
#[derive(Debug, Default)]
struct Entry {
    id: Option<Field>,
    plural: Option<Field>,
    /// The translations: `msgstr`, or `msgstr[0]`, `msgstr[1]`, …
    translations: Vec<Field>,
}

/// The field that continuation lines belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Current {
    Nothing,
    Context,
    Id,
    Plural,
    Translation,
}

/// A slot for each empty translation, with the text of its `msgid` or `msgid_plural`.
///
/// # Errors
/// If a line is not valid.
pub(super) fn slots(source: &str) -> Result<Vec<Slot>, DocumentError> {
    let newline = if source.contains("\r\n") { "\r\n" } else { "\n" };
    let mut slots = Vec::new();
    let mut entry = Entry::default();
    let mut current = Current::Nothing;
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        if text.is_empty() || text.starts_with('#') {
            if current == Current::Translation || text.is_empty() {
                finish(&mut entry, newline, &mut slots);
                current = Current::Nothing;
            }
            continue;
        }
        let quote = text.find('"').ok_or_else(|| unexpected(source, at))?;
        let range = at + quote..at + text.len();
        let value = unquoted(source, &range)?;
        let field = Field { range, value };
        let keyword = text[..quote].trim();
        current = match keyword {
            "" => {
                append(&mut entry, current, field).ok_or_else(|| unexpected(source, at))?;
                current
            }
            "msgctxt" => {
                if current == Current::Translation {
                    finish(&mut entry, newline, &mut slots);
                }
                Current::Context
            }
            "msgid" => {
                if current == Current::Translation {
                    finish(&mut entry, newline, &mut slots);
                }
                entry.id = Some(field);
                Current::Id
            }
            "msgid_plural" => {
                entry.plural = Some(field);
                Current::Plural
            }
            _ if is_translation(keyword) && entry.id.is_some() => {
                entry.translations.push(field);
                Current::Translation
            }
            _ => return Err(unexpected(source, at)),
        };
    }
    finish(&mut entry, newline, &mut slots);
    Ok(slots)
}

/// `msgstr` or `msgstr[N]`.
fn is_translation(keyword: &str) -> bool {
    let Some(index) = keyword.strip_prefix("msgstr") else { return false };
    let number = index.strip_prefix('[').and_then(|index| index.strip_suffix(']'));
    index.is_empty() || number.is_some_and(|number| number.trim().parse::<u8>().is_ok())
}

fn unexpected(source: &str, at: usize) -> DocumentError {
    let reason = "expected msgctxt, msgid, msgid_plural, msgstr or a line in quotation marks";
    DocumentError::syntax(source, at, reason)
}

/// Adds a continuation line; nothing if there is no string to continue.
fn append(entry: &mut Entry, current: Current, line: Field) -> Option<()> {
    let field = match current {
        Current::Nothing => return None,
        Current::Context => return Some(()),
        Current::Id => entry.id.as_mut()?,
        Current::Plural => entry.plural.as_mut()?,
        Current::Translation => entry.translations.last_mut()?,
    };
    field.range.end = line.range.end;
    field.value.push_str(&line.value);
    Some(())
}

/// Adds the slots of an entry. The entry with an empty `msgid` is the header.
fn finish(entry: &mut Entry, newline: &'static str, slots: &mut Vec<Slot>) {
    let Entry { id, plural, translations } = std::mem::take(entry);
    let Some(id) = id.filter(|id| !id.value.is_empty()) else { return };
    for (index, translation) in translations.into_iter().enumerate() {
        let from = match &plural {
            Some(plural) if index > 0 => plural,
            Some(_) | None => &id,
        };
        if !translation.value.is_empty() {
            continue;
        }
        let mut builder = Builder::new(Order::Free, Wrap::Loose);
        builder.tagged(&from.value);
        let (range, unchanged) = (translation.range, from.range.clone());
        let escape = Escape::Po(newline);
        slots.extend(builder.finish().map(|segment| Slot { range, unchanged, segment, escape }));
    }
}

/// The value of a quoted string.
fn unquoted(source: &str, range: &Range<usize>) -> Result<String, DocumentError> {
    let wrong = |reason: &str| DocumentError::syntax(source, range.start, reason);
    let quoted = &source[range.clone()];
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.ok_or_else(|| wrong("the closing quotation mark is missing"))?;
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => {
                let escape = rest.next().and_then(|c| escaped(c, &mut rest));
                value.push(escape.ok_or_else(|| wrong("an unknown escape sequence"))?);
            }
            '"' => return Err(wrong("a quotation mark within a string: write \\\"")),
            other => value.push(other),
        }
    }
    Ok(value)
}

/// The character of an escape sequence of C, after its first character.
fn escaped(first: char, rest: &mut std::str::Chars<'_>) -> Option<char> {
    let number = |digits: &str, radix| u8::from_str_radix(digits, radix).ok().filter(u8::is_ascii);
    Some(match first {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'v' => '\u{b}',
        'f' => '\u{c}',
        '"' | '\\' | '\'' | '?' => first,
        'x' => char::from(number(&take(rest, 2, 16, None), 16)?),
        '0'..='7' => char::from(number(&take(rest, 2, 8, Some(first)), 8)?),
        _ => return None,
    })
}

/// Up to `most` digits.
fn take(rest: &mut std::str::Chars<'_>, most: usize, radix: u32, first: Option<char>) -> String {
    let mut digits: String = first.into_iter().collect();
    for _ in 0..most {
        match rest.clone().next().filter(|c| c.is_digit(radix)) {
            Some(digit) => {
                digits.push(digit);
                rest.next();
            }
            None => break,
        }
    }
    digits
}
