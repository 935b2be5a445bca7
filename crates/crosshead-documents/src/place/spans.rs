//! Protected spans in a translated sentence: each of them exactly once.

use std::ops::Range;

use super::map::{Side, by_words, hull_of};
use super::words::words;
use crate::segment::{Content, Span};
use crate::translate::{Link, Translation};

/// A translated sentence that contains each protected span once.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) text: String,
    /// The spans in the order of the source.
    pub(super) spans: Vec<Range<usize>>,
    pub(super) links: Option<Vec<Link>>,
}

/// A change of the translation.
struct Edit {
    range: Range<usize>,
    text: String,
    /// The span that it restores, and where the span is in `text`.
    span: Option<(usize, Range<usize>)>,
}

/// Finds the spans of a sentence in its translation, corrects their spacing, inserts those that are missing and removes
/// repetitions. `spans` are ranges of `source`.
pub(super) fn restore(source: &str, spans: &[Span], translation: &Translation) -> Restored {
    let target = translation.text();
    let links = translation.valid_links(source);
    if spans.is_empty() {
        return Restored { text: target.to_owned(), spans: Vec::new(), links };
    }
    let from = outside(words(source), spans.iter().map(|span| span.range.clone()));
    let all = words(target);
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut edits: Vec<Edit> = Vec::new();
    let mut missing = Vec::new();
    // A long span first, because a short one may be a part of it: `{x}` and `${x}`.
    let mut order: Vec<_> = (0..spans.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(spans[index].range.len()));
    for index in order {
        let shown = &source[spans[index].range.clone()];
        let near = position((source, &from), (target, &all), spans[index].range.start);
        let nearest = |case| {
            let free = |found: &Range<usize>| !taken.iter().any(|used| overlap(used, found));
            let found =
                occurrences(source, &spans[index].range, target, case).into_iter().filter(free);
            found.min_by_key(|found| (found.start.abs_diff(near), found.start))
        };
        match nearest(Case::Exact).or_else(|| nearest(Case::Any)) {
            Some(found) => {
                taken.push(found.clone());
                let span = Some((index, 0..shown.len()));
                edits.push(Edit { range: found, text: shown.to_owned(), span });
            }
            None => missing.push(index),
        }
    }
    for range in repetitions(source, target, spans, &taken) {
        taken.push(range.clone());
        let text = String::new();
        edits.push(Edit { range: with_a_space(target, range), text, span: None });
    }
    missing.sort_unstable();
    let to = outside(all, taken.iter().cloned());
    for index in missing {
        let span = &spans[index];
        let shown = &source[span.range.clone()];
        let own = links.as_deref().and_then(|links| own_words(links, &span.range));
        let replaced = own.filter(|own| !taken.iter().any(|used| overlap(used, own)));
        let range = replaced.unwrap_or_else(|| {
            let at = position((source, &from), (target, &to), span.range.start);
            let inside = taken.iter().find(|used| used.start < at && at < used.end);
            let at = inside.map_or(at, |used| used.end);
            at..at
        });
        if !range.is_empty() {
            taken.push(range.clone());
        }
        let text = spaced(target, &range, shown);
        let start = text.find(shown).unwrap_or_default();
        edits.push(Edit { range, text, span: Some((index, start..start + shown.len())) });
    }
    apply(target, edits, spans.len(), links)
}

/// The words that do not overlap any of the ranges.
fn outside(
    words: Vec<Range<usize>>,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> = ranges.collect();
    ranges.sort_by_key(|range| range.start);
    let is_outside = |word: &Range<usize>| {
        let index = ranges.partition_point(|range| range.end <= word.start);
        ranges.get(index).is_none_or(|range| !overlap(range, word))
    };
    words.into_iter().filter(is_outside).collect()
}

/// Where a span belongs: before the next word, or after the last one.
fn position(source: (&str, &[Range<usize>]), target: (&str, &[Range<usize>]), at: usize) -> usize {
    let is_last = source.1.last().is_none_or(|word| word.end <= at);
    by_words(source, target, at, if is_last { Side::Before } else { Side::After })
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Whether upper and lower case differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Exact,
    Any,
}

/// Where the text of a span is in another text, also with other white space in it (`{ name }`).
fn occurrences(source: &str, span: &Range<usize>, text: &str, case: Case) -> Vec<Range<usize>> {
    let shown = &source[span.clone()];
    let Some(first) = shown.chars().next() else { return Vec::new() };
    let starts = text.match_indices(|c| is_same(c, first, case)).map(|(start, _)| start);
    let mut found: Vec<Range<usize>> = Vec::new();
    for start in starts {
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let length = length_at(&text[start..], shown, case);
        found.extend(length.map(|length| start..start + length));
    }
    found.retain(|range| is_whole(source, span, text, range));
    found
}

fn is_same(a: char, b: char, case: Case) -> bool {
    a == b || (case == Case::Any && a.to_lowercase().eq(b.to_lowercase()))
}

/// The bytes at the start of `text` that are `shown`, apart from white space.
fn length_at(text: &str, shown: &str, case: Case) -> Option<usize> {
    let mut rest = text;
    for character in shown.chars().filter(|character| !character.is_whitespace()) {
        if rest.len() < text.len() {
            rest = rest.trim_start_matches([' ', '\u{a0}']);
        }
        rest = rest.strip_prefix(|found| is_same(found, character, case))?;
    }
    Some(text.len() - rest.len())
}

/// Whether what is found is not a part of a longer word, unless the span is one in the source.
fn is_whole(source: &str, span: &Range<usize>, target: &str, found: &Range<usize>) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let starts = |text: &str, range: &Range<usize>| {
        text[range.clone()].starts_with(is_word) && text[..range.start].ends_with(is_word)
    };
    let ends = |text: &str, range: &Range<usize>| {
        text[range.clone()].ends_with(is_word) && text[range.end..].starts_with(is_word)
    };
    (!starts(target, found) || starts(source, span)) && (!ends(target, found) || ends(source, span))
}

/// Further occurrences of spans. Code may show an ordinary word, so its repetitions stay.
fn repetitions(
    source: &str,
    target: &str,
    spans: &[Span],
    taken: &[Range<usize>],
) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for span in spans.iter().filter(|span| span.content == Content::Text) {
        for range in occurrences(source, &span.range, target, Case::Any) {
            if !taken.iter().chain(&found).any(|used| overlap(used, &range)) {
                found.push(range);
            }
        }
    }
    found
}

/// A removed range, with one of the spaces around it.
fn with_a_space(text: &str, range: Range<usize>) -> Range<usize> {
    let spaced = text[..range.start].ends_with(' ')
        && !text[range.end..].starts_with(|c: char| c.is_alphanumeric());
    range.start - usize::from(spaced)..range.end
}

/// The part of the translation that is linked to a span and to nothing else.
fn own_words(links: &[Link], span: &Range<usize>) -> Option<Range<usize>> {
    let hull = hull_of(links, span)?;
    let others = |link: &&Link| !overlap(&link.source, span) && overlap(&link.target, &hull);
    links.iter().find(others).is_none().then_some(hull)
}

/// A span with spaces where it would touch a word.
fn spaced(target: &str, range: &Range<usize>, shown: &str) -> String {
    let before = target[..range.start].ends_with(|c: char| !c.is_whitespace() && !is_opening(c));
    let after = target[range.end..].starts_with(char::is_alphanumeric);
    format!("{}{shown}{}", if before { " " } else { "" }, if after { " " } else { "" })
}

fn is_opening(character: char) -> bool {
    matches!(character, '(' | '[' | '{' | '"' | '\'' | '“' | '„' | '«' | '‹' | '「' | '¿' | '¡')
        || super::words::has_no_spaces(character)
}

fn apply(target: &str, mut edits: Vec<Edit>, spans: usize, links: Option<Vec<Link>>) -> Restored {
    // Several spans inserted at one place keep the order of the source.
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end, edit.span.as_ref().map(|s| s.0)));
    let mut text = String::with_capacity(target.len());
    let mut ranges = vec![0..0; spans];
    let mut shifts = Vec::new();
    let mut last = 0;
    for edit in edits {
        let start = edit.range.start.max(last);
        text.push_str(&target[last..start]);
        let after_word = text.ends_with(|c: char| !c.is_whitespace() && !is_opening(c));
        if edit.span.is_some() && edit.range.is_empty() && after_word && !edit.text.starts_with(' ')
        {
            text.push(' ');
        }
        let begin = text.len();
        text.push_str(&edit.text);
        if let Some((index, inner)) = edit.span {
            ranges[index] = begin + inner.start..begin + inner.end;
        }
        last = edit.range.end.max(start);
        shifts.push((start, last, begin, text.len()));
    }
    text.push_str(&target[last..]);
    let moved = |at: usize, end: bool| -> usize {
        let index = shifts.partition_point(|shift| if end { shift.0 < at } else { shift.0 <= at });
        match index.checked_sub(1).map(|index| shifts[index]) {
            Some((_, old, begin, new)) if at < old => {
                if end {
                    new
                } else {
                    begin
                }
            }
            Some((_, old, _, new)) => new + (at - old),
            None => at,
        }
    };
    let links = links.map(|links| {
        let shifted = links.into_iter().map(|link| {
            let (start, end) = (moved(link.target.start, false), moved(link.target.end, true));
            Link { source: link.source, target: start..end.max(start) }
        });
        shifted.collect()
    });
    Restored { text, spans: ranges, links }
}
