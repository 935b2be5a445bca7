//! Putting the markup of a segment back into its translation.
//!
//! Every mark and every protected span of the source is in the result exactly once, and pairs of tags are properly nested.
//! With an alignment, a pair encloses the words that are linked to the words in it. Without one, marks keep their order, and
//! their positions are counted in words.

mod breaks;
mod map;
mod marks;
mod spans;
mod words;

use std::ops::Range;

use crate::segment::{Content, Segment};
use crate::translate::Translation;
use map::{Map, Piece, Translated};

pub(crate) use words::has_no_spaces;

/// A translated segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Placed {
    /// As it was.
    Unchanged,
    /// Text and markup, in order.
    Changed(Vec<Token>),
}

/// A part of a translated segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// Text, to be escaped.
    Text(String),
    /// Markup, as it is.
    Raw(String),
}

/// Joins the translations of a segment's sentences, with the separators of the source, and places its markup.
pub(crate) fn place(
    segment: &Segment,
    sentences: &[Range<usize>],
    translations: &[Translation],
) -> Placed {
    let mut joined = Joined::default();
    let mut last = 0;
    for (range, translation) in sentences.iter().zip(translations) {
        joined.separator(segment, last..range.start);
        joined.sentence(segment, range, translation);
        last = range.end;
    }
    joined.separator(segment, last..segment.text.len());
    if joined.text == segment.text {
        return Placed::Unchanged;
    }
    let map = Map::new(&segment.text, &joined.text, &joined.pieces);
    let mut cuts = marks::place(segment, &map, &joined.spans, joined.text.len());
    let protected = segment.spans.iter().zip(&joined.spans);
    cuts.extend(protected.filter_map(|(span, range)| match &span.content {
        Content::Text => None,
        Content::Raw(raw) => Some(Cut { range: range.clone(), raw: raw.clone() }),
    }));
    cuts.extend(breaks::place(segment, &map, &joined.spans, &joined.text));
    Placed::Changed(tokens(&joined.text, cuts))
}

/// Markup in place of a part of the text, which is empty for a mark.
#[derive(Debug)]
struct Cut {
    range: Range<usize>,
    raw: String,
}

/// The translation of a segment without its markup.
#[derive(Debug, Default)]
struct Joined {
    text: String,
    pieces: Vec<Piece>,
    /// The protected spans, in the order of the source.
    spans: Vec<Range<usize>>,
}

impl Joined {
    /// Adds a part of the source as it is.
    fn separator(&mut self, segment: &Segment, source: Range<usize>) {
        if source.is_empty() {
            return;
        }
        self.keep_spans(segment, &source);
        self.push(source.clone(), &segment.text[source], Translated::Same);
    }

    fn sentence(&mut self, segment: &Segment, source: &Range<usize>, translation: &Translation) {
        let text = &segment.text[source.clone()];
        if translation.text() == text {
            self.keep_spans(segment, source);
            self.push(source.clone(), text, Translated::Same);
            return;
        }
        let shifted: Vec<_> = within(segment, source)
            .map(|index| {
                let mut span = segment.spans[index].clone();
                span.range = span.range.start - source.start..span.range.end - source.start;
                span
            })
            .collect();
        let restored = spans::restore(text, &shifted, translation);
        let start = self.text.len();
        self.spans.extend(restored.spans.iter().map(|span| start + span.start..start + span.end));
        let content = match restored.links {
            Some(links) if !links.is_empty() => Translated::Linked(links),
            Some(_) | None => Translated::Words {
                source: words::words(text),
                target: words::words(&restored.text),
            },
        };
        self.push(source.clone(), &restored.text, content);
    }

    fn keep_spans(&mut self, segment: &Segment, source: &Range<usize>) {
        let start = self.text.len();
        for index in within(segment, source) {
            let span = &segment.spans[index].range;
            self.spans.push(start + span.start - source.start..start + span.end - source.start);
        }
    }

    fn push(&mut self, source: Range<usize>, text: &str, content: Translated) {
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { source, target: start..self.text.len(), content });
    }
}

/// The spans of a segment within a part of it. No span is in two parts.
fn within(segment: &Segment, source: &Range<usize>) -> Range<usize> {
    let first = segment.spans.partition_point(|span| span.range.start < source.start);
    let last = segment.spans.partition_point(|span| span.range.start < source.end);
    first..last
}

/// Interleaves text and markup.
fn tokens(text: &str, mut cuts: Vec<Cut>) -> Vec<Token> {
    // Of several at one place, marks are first; the sort keeps their order.
    cuts.sort_by_key(|cut| (cut.range.start, !cut.range.is_empty()));
    let mut tokens = Vec::new();
    let mut last = 0;
    for cut in cuts {
        if cut.range.start > last {
            tokens.push(Token::Text(text[last..cut.range.start].to_owned()));
        }
        tokens.push(Token::Raw(cut.raw));
        last = last.max(cut.range.end);
    }
    if last < text.len() {
        tokens.push(Token::Text(text[last..].to_owned()));
    }
    tokens
}

/// A range of the text that does not begin or end within a protected span.
fn around_spans(sorted: &[Range<usize>], range: Range<usize>) -> Range<usize> {
    let start = inside(sorted, range.start).map_or(range.start, |span| span.start);
    let end = inside(sorted, range.end).map_or(range.end, |span| span.end);
    start..end
}

/// The span that a position is strictly within.
fn inside(sorted: &[Range<usize>], at: usize) -> Option<&Range<usize>> {
    let index = sorted.partition_point(|span| span.end <= at);
    sorted.get(index).filter(|span| span.start < at)
}

/// Ranges in the order of the text.
fn sorted(spans: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut sorted = spans.to_vec();
    sorted.sort_by_key(|span| span.start);
    sorted
}
