//! The part of a text that each token stands for.

use std::ops::Range;

use crate::{TokenizeError, Tokenizer};

/// A part of one of the texts that were encoded together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSpan {
    /// The index of the text: 0, or 1 for the second of a pair.
    pub text: usize,
    /// The bytes of the text, on character borders.
    pub range: Range<usize>,
}

/// The ids of a text or of a pair of texts as a model takes them, with the part of the text that each stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpannedEncoding {
    /// The ids, including special tokens.
    pub ids: Vec<u32>,
    /// The token type of each id; see [`PairEncoding::types`](crate::PairEncoding::types). 0 for a single text.
    pub types: Vec<u32>,
    /// The part of each id; none for the special tokens that were added.
    pub spans: Vec<Option<TokenSpan>>,
    /// Whether tokens of a text were removed.
    pub truncated: bool,
}

/// The text of a sequence of ids, with the part of it that each id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpannedText {
    /// The text, as from [`Tokenizer::decode`].
    pub text: String,
    /// The bytes of each id, in order and on character borders; none for an id that decoding skips. If a character is split into
    /// several tokens, each has the range of the complete character. Together, the ranges cover the text.
    pub ranges: Vec<Option<Range<usize>>>,
}

impl Tokenizer {
    /// The ids of [`encode_truncated`](Self::encode_truncated), with the part of the text that each stands for.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text, `max_len` is below the number of special tokens, or the tokenizer's
    /// template does not contain the text exactly once.
    pub fn encode_with_spans(
        &self,
        text: &str,
        max_len: usize,
    ) -> Result<SpannedEncoding, TokenizeError> {
        let encoding = self.encode_with_offsets(text)?;
        let affixes = self.affixes()?;
        let special = affixes.count();
        let room = max_len.checked_sub(special);
        let room = room.ok_or(TokenizeError::NoRoom { max_len, special })?;
        let len = encoding.ids.len();
        let kept = match len.saturating_sub(room) {
            excess if self.truncates_left => excess..len,
            excess => 0..len - excess,
        };
        let ids = affixes.around(encoding.ids[kept.clone()].iter().copied());
        let none = |ids: &[u32]| vec![None; ids.len()];
        let mut spans = none(&affixes.before);
        let offsets = encoding.offsets[kept.clone()].iter();
        spans.extend(offsets.map(|range| Some(TokenSpan { text: 0, range: range.clone() })));
        spans.extend(none(&affixes.after));
        Ok(SpannedEncoding { types: vec![0; ids.len()], ids, spans, truncated: kept.len() < len })
    }

    /// The ids of [`encode_pair_truncated`](Self::encode_pair_truncated), with the part of the texts that each stands for.
    ///
    /// # Errors
    /// See [`encode_with_spans`](Self::encode_with_spans).
    pub fn encode_pair_with_spans(
        &self,
        first: &str,
        second: &str,
        max_len: usize,
    ) -> Result<SpannedEncoding, TokenizeError> {
        if second.is_empty() {
            return self.encode_with_spans(first, max_len);
        }
        let segment = |text: &str| self.pipeline.encode(text, false);
        let (encoding, truncated) = self.encode_pair_by(first, second, max_len, segment)?;
        let texts = [first, second];
        // The library finds the second text, but loses the first when both were encoded alone.
        let sides = encoding.get_sequence_ids().into_iter().zip(encoding.get_special_tokens_mask());
        let sides = sides.map(|(side, &is_special)| match (side, is_special) {
            (Some(1), 0) => Some(1),
            (Some(_) | None, 0) => Some(0),
            (Some(_) | None, _) => None,
        });
        let span = |(side, &(from, to)): (Option<usize>, &(usize, usize))| {
            let text = side?;
            // A byte token may cover only part of a character.
            let range = texts[text].floor_char_boundary(from)..texts[text].ceil_char_boundary(to);
            Some(TokenSpan { text, range })
        };
        Ok(SpannedEncoding {
            spans: sides.zip(encoding.get_offsets()).map(span).collect(),
            ids: encoding.get_ids().to_vec(),
            types: encoding.get_type_ids().to_vec(),
            truncated,
        })
    }

    /// Like [`decode`](Self::decode), with the part of the text that each id stands for.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode_with_spans(&self, ids: &[u32]) -> Result<SpannedText, TokenizeError> {
        let text = self.decode(ids)?;
        let untrimmed = self.decode_untrimmed(ids)?;
        let trimmed =
            if self.decoding.trim { untrimmed.len() - untrimmed.trim_start().len() } else { 0 };
        let visible: Vec<usize> = (0..ids.len()).filter(|&at| self.is_visible(ids[at])).collect();
        let mut ranges = vec![None; ids.len()];
        let mut start = 0;
        for (number, &at) in visible.iter().enumerate() {
            // The text of the first ids is a prefix of the complete text, apart from an incomplete character at its end and from
            // cleanup.
            let end = if number + 1 == visible.len() {
                text.len()
            } else {
                let so_far = self.decode_untrimmed(&ids[..=at])?;
                common_prefix(&so_far, &untrimmed).saturating_sub(trimmed).clamp(start, text.len())
            };
            ranges[at] = Some(start..end);
            start = end;
        }
        // An incomplete character belongs to the token that completes it, and to those before it.
        let mut next: Option<Range<usize>> = None;
        for range in ranges.iter_mut().rev().flatten() {
            match &next {
                Some(next) if range.start == range.end => *range = next.clone(),
                Some(_) | None => next = Some(range.clone()),
            }
        }
        Ok(SpannedText { text, ranges })
    }
}

/// The number of bytes at the start of both texts that are equal, on a character border.
fn common_prefix(a: &str, b: &str) -> usize {
    let equal = a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b);
    equal.map_or(a.len().min(b.len()), |((at, _), _)| at)
}
