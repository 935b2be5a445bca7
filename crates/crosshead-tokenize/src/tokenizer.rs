use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::{SpecialIds, TokenizeError};

/// A trained tokenizer: text to ids and back.
///
/// Wraps [`tokenizers::Tokenizer`] and the ids with a special role. Copies are cheap and share the vocabulary.
#[derive(Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    vocab_size: usize,
    special: SpecialIds,
}

/// The ids of a text and where each came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// One id per token.
    pub ids: Vec<u32>,
    /// For each token the bytes of the text it stands for, so that `&text[offsets[i].clone()]` is its surface form.
    /// A space that the tokenizer puts before the first word has no bytes; where it is a token of its own, that token
    /// has the offsets of the first character.
    pub offsets: Vec<Range<usize>>,
}

impl Tokenizer {
    pub(crate) fn new(inner: tokenizers::Tokenizer, special: SpecialIds) -> Self {
        Self { vocab_size: inner.get_vocab_size(true), inner: Arc::new(inner), special }
    }

    /// The ids of a text, without special tokens.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.ids(text, false)
    }

    /// The ids of a text with the special tokens that the tokenizer's post-processor adds: for a tokenizer trained
    /// here, `</s>` at the end.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_special(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.ids(text, true)
    }

    /// [`encode_with_special`](Self::encode_with_special) for many texts, in parallel on rayon's current pool; row `i`
    /// belongs to text `i`.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a text.
    pub fn encode_batch(
        &self,
        texts: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<Vec<u32>>, TokenizeError> {
        let texts = texts.iter().map(AsRef::as_ref).collect();
        let encodings =
            self.inner.encode_batch_fast::<&str>(texts, true).map_err(TokenizeError::Encode)?;
        Ok(encodings.iter().map(|encoding| encoding.get_ids().to_vec()).collect())
    }

    /// The ids of a text without special tokens, each with its place in the text.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_offsets(&self, text: &str) -> Result<Encoding, TokenizeError> {
        let encoding = self.inner.encode(text, false).map_err(TokenizeError::Encode)?;
        Ok(Encoding {
            ids: encoding.get_ids().to_vec(),
            offsets: encoding.get_offsets().iter().map(|&(start, end)| start..end).collect(),
        })
    }

    /// The text of a sequence of ids. Special tokens, `<unk>` among them, and ids outside the vocabulary are left out.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizeError> {
        self.inner.decode(ids, true).map_err(TokenizeError::Decode)
    }

    /// [`decode`](Self::decode) for many sequences, in parallel on rayon's current pool; text `i` belongs to row `i`.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode_batch(&self, rows: &[impl AsRef<[u32]>]) -> Result<Vec<String>, TokenizeError> {
        let rows: Vec<&[u32]> = rows.iter().map(AsRef::as_ref).collect();
        self.inner.decode_batch(&rows, true).map_err(TokenizeError::Decode)
    }

    /// The number of tokens, special tokens included.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The id of a token, as it is written in the vocabulary.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The token with this id, as it is written in the vocabulary.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The ids with a meaning of their own.
    pub fn special(&self) -> SpecialIds {
        self.special
    }

    /// The contents of `tokenizer.json`: the same bytes for the same tokenizer, whatever the number of threads it was
    /// trained with.
    pub fn to_json(&self) -> String {
        self.inner.to_string(true).expect("a tokenizer in memory has a JSON form")
    }

    /// Whether the text of a special token (`"</s>"`) is ordinary text rather than the token.
    pub(crate) fn splits_special_tokens(&self) -> bool {
        self.inner.get_encode_special_tokens()
    }

    fn ids(&self, text: &str, add_special_tokens: bool) -> Result<Vec<u32>, TokenizeError> {
        let encoding =
            self.inner.encode_fast(text, add_special_tokens).map_err(TokenizeError::Encode)?;
        Ok(encoding.get_ids().to_vec())
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocab_size", &self.vocab_size())
            .field("special", &self.special)
            .finish_non_exhaustive()
    }
}
