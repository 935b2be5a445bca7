//! Splitting text into sentences, with the exact spacing between them.

mod cut;
mod language;
mod rules;

use std::ops::Range;

use crate::segment::Span;
pub use language::two_letters;

/// The most bytes that the sentence splitter sees at once.
const WINDOW: usize = 16 * 1024;

/// The unit that is translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// Sentences. A line break always ends one.
    #[default]
    Sentences,
    /// Lines.
    Lines,
    /// The whole text of a segment.
    None,
}

/// A sentence and the white space after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence<'a> {
    /// The sentence; empty for white space at the start of the text.
    pub text: &'a str,
    /// What is between this sentence and the next one.
    pub separator: &'a str,
}

/// Splits `text` into sentences. Together, the sentences and their separators are the text, byte for byte.
///
/// `language` is any code that begins with an ISO 639 code, such as `de`, `deu_Latn` or `de_DE`; an unknown
/// language is split by the rules of English. A sentence for which `fits` is false is cut after a comma or a similar mark,
/// else at a space, else, only if a single word is too long, within that word.
///
/// ```
/// use crosshead_documents::{Split, sentences};
///
/// let text = "It is late.  Dr. Smith left.\nGood night";
/// let found = sentences(text, Split::Sentences, "en", |_| true);
/// let texts: Vec<_> = found.iter().map(|sentence| sentence.text).collect();
/// assert_eq!(texts, ["It is late.", "Dr. Smith left.", "Good night"]);
/// assert_eq!(found[0].separator, "  ");
/// ```
pub fn sentences<'a>(
    text: &'a str,
    split: Split,
    language: &str,
    fits: impl Fn(&str) -> bool,
) -> Vec<Sentence<'a>> {
    let ranges = ranges(text, &[], split, language, &fits);
    let mut sentences = Vec::with_capacity(ranges.len() + 1);
    let first = ranges.first().map_or(text.len(), |range| range.start);
    if first > 0 {
        sentences.push(Sentence { text: "", separator: &text[..first] });
    }
    for (index, range) in ranges.iter().enumerate() {
        let next = ranges.get(index + 1).map_or(text.len(), |next| next.start);
        let separator = &text[range.end..next];
        sentences.push(Sentence { text: &text[range.clone()], separator });
    }
    sentences
}

/// The byte ranges of the sentences, in order, without white space around them. A protected span is never split.
pub(crate) fn ranges(
    text: &str,
    spans: &[Span],
    split: Split,
    language: &str,
    fits: &dyn Fn(&str) -> bool,
) -> Vec<Range<usize>> {
    let whole = 0..text.len();
    let units = match split {
        Split::None => vec![whole],
        Split::Lines => lines(text),
        Split::Sentences => {
            let code = language::two_letters(language);
            lines(text).into_iter().flat_map(|line| in_line(text, line, code)).collect()
        }
    };
    let mut ranges = Vec::new();
    for unit in join_in_spans(units, spans) {
        let trimmed = trim(text, unit);
        if !trimmed.is_empty() {
            cut::cut(text, trimmed, spans, fits, &mut ranges);
        }
    }
    ranges
}

/// Joins neighbors whose border is within a protected span.
fn join_in_spans(units: Vec<Range<usize>>, spans: &[Span]) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(units.len());
    for unit in units {
        match joined.last_mut() {
            Some(last) if is_inside(spans, unit.start) || is_inside(spans, last.end) => {
                last.end = unit.end;
            }
            _ => joined.push(unit),
        }
    }
    joined
}

/// Whether a byte offset is strictly within a protected span.
fn is_inside(spans: &[Span], at: usize) -> bool {
    let index = spans.partition_point(|span| span.range.end <= at);
    spans.get(index).is_some_and(|span| span.range.start < at)
}

/// The range without white space at its ends.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + inner.len() - inner.trim_start().len();
    let end = range.end - (inner.len() - inner.trim_end().len());
    start..end.max(start)
}

/// The lines of a text, without their line breaks.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for (at, found) in text.match_indices(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}']) {
        lines.push(start..at);
        start = at + found.len();
    }
    lines.push(start..text.len());
    lines
}

/// The sentences of a line.
fn in_line(text: &str, line: Range<usize>, language: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = line.start;
    while start < line.end {
        let mut end = line.end.min(start + WINDOW);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut found = rules::sentences(&text[start..end], language);
        if end < line.end && found.len() > 1 {
            // The last one may go on after the window.
            found.pop();
        }
        let seen = found.last().map_or(end - start, |last| last.end);
        sentences.extend(found.into_iter().map(|range| start + range.start..start + range.end));
        start += seen;
    }
    sentences
}
