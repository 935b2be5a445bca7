//! Cutting a sentence that is too long.

use std::ops::Range;

use super::{is_inside, trim};
use crate::segment::Span;

/// Marks between parts of a sentence, if white space follows.
const WITH_SPACE: [char; 6] = [',', ';', ':', '–', '—', ')'];

/// Marks between parts of a sentence, whatever follows.
const WITHOUT_SPACE: [char; 7] = ['，', '；', '、', '：', '。', '؛', '،'];

/// Adds `range` to `pieces`, cut so that each piece fits.
pub(super) fn cut(
    text: &str,
    range: Range<usize>,
    spans: &[Span],
    fits: &dyn Fn(&str) -> bool,
    pieces: &mut Vec<Range<usize>>,
) {
    if fits(&text[range.clone()]) {
        pieces.push(range);
        return;
    }
    let candidates = Candidates::of(text, &range, spans);
    let mut rest = range;
    // Only a rest that is not much longer than the pieces can fit; to measure every rest would take quadratic time.
    let mut longest = 0;
    while !rest.is_empty() {
        if rest.len() <= 4 * longest && fits(&text[rest.clone()]) {
            pieces.push(rest);
            return;
        }
        let end = candidates.best(text, &rest, fits);
        let piece = trim(text, rest.start..end);
        longest = longest.max(piece.len());
        if !piece.is_empty() {
            pieces.push(piece);
        }
        rest = trim(text, end..rest.end);
    }
}

/// Where a sentence may be cut, in order of preference.
struct Candidates {
    clauses: Vec<usize>,
    words: Vec<usize>,
    /// Starts and ends of protected spans.
    borders: Vec<usize>,
    spans: Vec<Range<usize>>,
}

impl Candidates {
    fn of(text: &str, range: &Range<usize>, spans: &[Span]) -> Self {
        let (mut clauses, mut words) = (Vec::new(), Vec::new());
        for (offset, character) in text[range.clone()].char_indices() {
            let after = range.start + offset + character.len_utf8();
            if is_inside(spans, after) || after >= range.end {
                continue;
            }
            let before_space = text[after..].starts_with(char::is_whitespace);
            if WITHOUT_SPACE.contains(&character)
                || (before_space && WITH_SPACE.contains(&character))
            {
                clauses.push(after);
            }
            if character.is_whitespace() {
                words.push(after);
            }
        }
        let overlaps = |span: &&Range<usize>| span.end > range.start && span.start < range.end;
        let spans: Vec<_> =
            spans.iter().map(|span| &span.range).filter(overlaps).cloned().collect();
        let mut borders: Vec<_> = spans.iter().flat_map(|span| [span.start, span.end]).collect();
        borders.dedup();
        Self { clauses, words, borders, spans }
    }

    /// The end of the next piece of `rest`, which does not fit as a whole. A protected span stays whole even if it does not
    /// fit: it is not translated.
    fn best(&self, text: &str, rest: &Range<usize>, fits: &dyn Fn(&str) -> bool) -> usize {
        for ends in [&self.clauses, &self.words, &self.borders] {
            if let Some(end) = last_fitting(ends, text, rest, fits) {
                return end;
            }
        }
        let next = self.spans.partition_point(|span| span.end <= rest.start);
        let next = self.spans.get(next).cloned().unwrap_or(rest.end..rest.end);
        if next.start <= rest.start && next.end > rest.start {
            return next.end.min(rest.end);
        }
        // The first word is too long: as many characters of it as fit, and at least one.
        let word = self.words.partition_point(|&end| end <= rest.start);
        let word = self.words.get(word).copied().unwrap_or(rest.end).min(next.start).min(rest.end);
        let characters = text[rest.start..word].char_indices();
        let ends: Vec<_> = characters.map(|(at, c)| rest.start + at + c.len_utf8()).collect();
        let first = ends.first().copied().unwrap_or(rest.end);
        last_fitting(&ends, text, rest, fits).unwrap_or(first)
    }
}

/// The last of the ordered `ends` within `rest` whose piece fits.
fn last_fitting(
    ends: &[usize],
    text: &str,
    rest: &Range<usize>,
    fits: &dyn Fn(&str) -> bool,
) -> Option<usize> {
    let first = ends.partition_point(|&end| end <= rest.start);
    let last = ends.partition_point(|&end| end < rest.end);
    let ends = ends.get(first..last)?;
    let does_fit = |end: usize| {
        let piece = trim(text, rest.start..end);
        !piece.is_empty() && fits(&text[piece])
    };
    // Doubles the number of candidates first, because most pieces are short compared with the rest.
    let mut bound = 1;
    while bound < ends.len() && does_fit(ends[bound - 1]) {
        bound *= 2;
    }
    let bound = bound.min(ends.len());
    let count = ends[..bound].partition_point(|&end| does_fit(end));
    count.checked_sub(1).map(|index| ends[index])
}

#[cfg(test)]
mod tests {
    use super::super::{Split, sentences};
    use super::*;

    fn split(text: &str, most: usize) -> Vec<String> {
        let fits = |piece: &str| piece.chars().count() <= most;
        let found = sentences(text, Split::Sentences, "en", fits);
        let joined: String = found.iter().flat_map(|piece| [piece.text, piece.separator]).collect();
        assert_eq!(joined, text);
        assert!(found.iter().all(|piece| fits(piece.text)));
        found.into_iter().map(|piece| piece.text.to_owned()).collect()
    }

    #[test]
    fn a_long_sentence_is_cut_at_its_last_comma_that_fits() {
        let text = "one two, three four; five six, seven eight nine";
        assert_eq!(split(text, 21), ["one two, three four;", "five six,", "seven eight nine"]);
    }

    #[test]
    fn without_commas_it_is_cut_at_spaces_and_only_a_long_word_is_broken() {
        assert_eq!(split("one two three four", 8), ["one two", "three", "four"]);
        assert_eq!(split("a bcdefghijklm no", 5), ["a", "bcdef", "ghijk", "lm no"]);
        assert_eq!(split("äöüäöü", 2), ["äö", "üä", "öü"]);
    }

    #[test]
    fn a_protected_span_is_not_cut() {
        let text = "see {a b c} now";
        let span = Span { range: 4..11, content: crate::segment::Content::Text };
        let mut pieces = Vec::new();
        let fits = |piece: &str| piece.len() <= 7;
        cut(text, 0..text.len(), &[span], &fits, &mut pieces);
        let pieces: Vec<_> = pieces.into_iter().map(|piece| &text[piece]).collect();
        assert_eq!(pieces, ["see", "{a b c}", "now"]);
    }
}
