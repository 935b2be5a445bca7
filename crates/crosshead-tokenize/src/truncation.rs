//! Texts that are longer than a model reads.

use rayon::prelude::*;

use crate::{Affixes, TokenizeError, Tokenizer};

impl Tokenizer {
    /// The ids of a text with the special tokens around it, as [`encode_with_special`](Self::encode_with_special) gives
    /// them, and whether tokens of the text had to be left out so that there are at most `max_len` ids.
    ///
    /// The special tokens always stay where the tokenizer puts them. The text loses its end, or its beginning where
    /// `truncation_side` of `tokenizer_config.json` is `left`: as with `truncation=True` in `transformers`.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text, or `max_len` has no room for the special tokens.
    pub fn encode_truncated(
        &self,
        text: &str,
        max_len: usize,
    ) -> Result<(Vec<u32>, bool), TokenizeError> {
        self.truncate(self.encode_with_special(text)?, || self.affixes(), max_len)
    }

    /// The same of a text that the model is to generate, as [`encode_target`](Self::encode_target) gives its ids.
    ///
    /// # Errors
    /// As [`encode_truncated`](Self::encode_truncated).
    pub fn encode_target_truncated(
        &self,
        text: &str,
        max_len: usize,
    ) -> Result<(Vec<u32>, bool), TokenizeError> {
        self.truncate(self.encode_target(text)?, || self.target_affixes(), max_len)
    }

    /// [`encode_truncated`](Self::encode_truncated) for many texts, in parallel on rayon's current pool; row `i` belongs
    /// to text `i`.
    ///
    /// # Errors
    /// As [`encode_truncated`](Self::encode_truncated).
    pub fn encode_batch_truncated(
        &self,
        texts: &[impl AsRef<str> + Sync],
        max_len: usize,
    ) -> Result<Vec<(Vec<u32>, bool)>, TokenizeError> {
        texts.par_iter().map(|text| self.encode_truncated(text.as_ref(), max_len)).collect()
    }

    /// Ids without those of the text between its affixes that are too many, and whether there were any.
    fn truncate(
        &self,
        ids: Vec<u32>,
        affixes: impl FnOnce() -> Result<Affixes, TokenizeError>,
        max_len: usize,
    ) -> Result<(Vec<u32>, bool), TokenizeError> {
        if ids.len() <= max_len {
            return Ok((ids, false));
        }
        let affixes = affixes()?;
        let room = max_len.checked_sub(affixes.count());
        let room = room.ok_or(TokenizeError::NoRoom { max_len, special: affixes.count() })?;
        let text = &ids[affixes.before.len()..ids.len() - affixes.after.len()];
        let kept = if self.truncates_left { &text[text.len() - room..] } else { &text[..room] };
        Ok((affixes.around(kept.iter().copied()), true))
    }

    /// The most ids of a text, special tokens included: `model_max_length` of `tokenizer_config.json`. The huge number that
    /// `transformers` writes where it knows no limit is none.
    pub fn model_max_length(&self) -> Option<usize> {
        self.model_max_length
    }
}
