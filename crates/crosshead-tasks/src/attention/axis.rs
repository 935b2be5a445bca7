//! The tokens on the axes of an attention map, and the words that they belong to.

use std::ops::Range;

use crosshead_tokenize::{TokenSpan, Tokenizer};
use unicode_segmentation::UnicodeSegmentation;

/// A token, or a word, on an axis of an attention map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttentionToken {
    /// The part of the text; for a token without text, such as `</s>`, its spelling in the vocabulary.
    pub text: String,
    /// The part of the text, without space around it; none for special tokens.
    pub span: Option<TokenSpan>,
    /// The index of the word that it belongs to. A special token is a word.
    pub word: usize,
}

/// The tokens, or the words, on an axis of an attention map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Axis {
    /// The texts that the spans refer to.
    pub(super) texts: Vec<String>,
    pub(crate) tokens: Vec<AttentionToken>,
}

impl Axis {
    /// The tokens with these ids. Words are those of Unicode (UAX #29), so punctuation marks are words, too; a token that
    /// covers a part of a word joins the token before it.
    pub(crate) fn new(
        tokenizer: &Tokenizer,
        texts: Vec<String>,
        ids: &[u32],
        spans: &[Option<TokenSpan>],
    ) -> Self {
        let starts: Vec<Vec<usize>> = texts
            .iter()
            .map(|text| text.split_word_bound_indices().map(|(start, _)| start).collect())
            .collect();
        let mut tokens: Vec<AttentionToken> = Vec::with_capacity(ids.len());
        let mut last: Option<Place> = None;
        for (&id, span) in ids.iter().zip(spans) {
            let places = span.as_ref().and_then(|span| {
                let (first, last) = ends(texts.get(span.text)?, &span.range)?;
                let place =
                    |at| Place { text: span.text, segment: segment(&starts[span.text], at) };
                Some((place(first), place(last)))
            });
            let continues = places.is_some_and(|(first, _)| last == Some(first));
            let next = tokens.last().map_or(0, |token| token.word + usize::from(!continues));
            last = places.map(|(_, last)| last);
            let span = span.as_ref().map(|span| trimmed(&texts, span));
            let text = span.as_ref().map_or("", |span| part(&texts, span));
            let text = if text.is_empty() {
                tokenizer.id_to_token(id).unwrap_or_else(|| format!("<{id}>"))
            } else {
                text.to_owned()
            };
            tokens.push(AttentionToken { text, span, word: next });
        }
        Self { texts, tokens }
    }

    /// The indices of the tokens of each word.
    pub(crate) fn words(&self) -> Vec<Range<usize>> {
        let mut words: Vec<Range<usize>> = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            match words.last_mut() {
                Some(word) if self.tokens[word.start].word == token.word => word.end = index + 1,
                Some(_) | None => words.push(index..index + 1),
            }
        }
        words
    }

    /// The axis with each word, given by the indices of its tokens, as one token.
    pub(crate) fn merged(&self, words: &[Range<usize>]) -> Self {
        let merge = |tokens: &Range<usize>| {
            let tokens = &self.tokens[tokens.clone()];
            let spans = tokens.iter().filter_map(|token| token.span.as_ref());
            let spans: Vec<&TokenSpan> = spans.filter(|span| !span.range.is_empty()).collect();
            let (first, last) = (spans.first()?, spans.last()?);
            let span = TokenSpan { text: first.text, range: first.range.start..last.range.end };
            let text = part(&self.texts, &span).to_owned();
            Some(AttentionToken { text, span: Some(span), word: tokens[0].word })
        };
        let or_first = |tokens: &Range<usize>| {
            merge(tokens).unwrap_or_else(|| self.tokens[tokens.start].clone())
        };
        Self { texts: self.texts.clone(), tokens: words.iter().map(or_first).collect() }
    }
}

/// The part of a text.
fn part<'a>(texts: &'a [String], span: &TokenSpan) -> &'a str {
    texts.get(span.text).and_then(|text| text.get(span.range.clone())).unwrap_or_default()
}

/// A span without the space around it.
fn trimmed(texts: &[String], span: &TokenSpan) -> TokenSpan {
    let whole = part(texts, span);
    let start = span.range.start + (whole.len() - whole.trim_start().len());
    TokenSpan { text: span.text, range: start..start + whole.trim().len() }
}

/// A word of Unicode, or what is between words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    text: usize,
    segment: usize,
}

/// The first and the last byte of a token that are not space. A token of space belongs to the word after it.
fn ends(text: &str, range: &Range<usize>) -> Option<(usize, usize)> {
    let rest = &text[range.start..];
    let first = range.start + (rest.len() - rest.trim_start().len());
    if first >= text.len() {
        return None;
    }
    let last = text[range.clone()].trim_end().char_indices().next_back();
    Some((first, last.map_or(first, |(at, _)| range.start + at)))
}

/// The index of the segment at a byte.
fn segment(starts: &[usize], at: usize) -> usize {
    starts.partition_point(|&start| start <= at)
}
