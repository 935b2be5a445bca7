//! Encoding with a length limit.

use rayon::prelude::*;

use crate::{Affixes, TokenizeError, Tokenizer};

/// The ids of a text within a length limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruncatedEncoding {
    /// The ids, including special tokens.
    pub ids: Vec<u32>,
    /// Whether tokens of the text were removed.
    pub truncated: bool,
}

impl Tokenizer {
    /// Like [`encode_with_special`](Self::encode_with_special), truncated to at most `max_len` ids.
    ///
    /// Keeps all special tokens. Removes the end of the text, or its start if `truncation_side` of
    /// `tokenizer_config.json` is `left`, like `truncation=True` in `transformers`.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text, or `max_len` is below the number of special tokens.
    pub fn encode_truncated(
        &self,
        text: &str,
        max_len: usize,
    ) -> Result<TruncatedEncoding, TokenizeError> {
        self.truncate(self.encode_with_special(text)?, || self.affixes(), max_len)
    }

    /// Like [`encode_target`](Self::encode_target), truncated to at most `max_len` ids.
    ///
    /// # Errors
    /// See [`encode_truncated`](Self::encode_truncated).
    pub fn encode_target_truncated(
        &self,
        text: &str,
        max_len: usize,
    ) -> Result<TruncatedEncoding, TokenizeError> {
        self.truncate(self.encode_target(text)?, || self.target_affixes(), max_len)
    }

    /// Like [`encode_truncated`](Self::encode_truncated), for many texts in parallel on rayon's current pool. The
    /// encodings are in the order of the texts.
    ///
    /// # Errors
    /// See [`encode_truncated`](Self::encode_truncated).
    pub fn encode_batch_truncated(
        &self,
        texts: &[impl AsRef<str> + Sync],
        max_len: usize,
    ) -> Result<Vec<TruncatedEncoding>, TokenizeError> {
        texts.par_iter().map(|text| self.encode_truncated(text.as_ref(), max_len)).collect()
    }

    /// Removes the excess ids of the text between its affixes.
    fn truncate(
        &self,
        ids: Vec<u32>,
        affixes: impl FnOnce() -> Result<Affixes, TokenizeError>,
        max_len: usize,
    ) -> Result<TruncatedEncoding, TokenizeError> {
        if ids.len() <= max_len {
            return Ok(TruncatedEncoding { ids, truncated: false });
        }
        let affixes = affixes()?;
        let room = max_len.checked_sub(affixes.count());
        let room = room.ok_or(TokenizeError::NoRoom { max_len, special: affixes.count() })?;
        let text = &ids[affixes.before.len()..ids.len() - affixes.after.len()];
        let kept = if self.truncates_left { &text[text.len() - room..] } else { &text[..room] };
        Ok(TruncatedEncoding { ids: affixes.around(kept.iter().copied()), truncated: true })
    }

    /// The maximum number of ids in a text, including special tokens: `model_max_length` in `tokenizer_config.json`.
    /// `None` for the very large number that `transformers` writes if there is no limit.
    pub fn model_max_length(&self) -> Option<usize> {
        self.model_max_length
    }
}
