//! Encoding of pairs of texts.

use tokenizers::{
    PostProcessor, TruncationDirection, TruncationParams, TruncationStrategy, truncate_encodings,
};

use crate::{TokenizeError, Tokenizer, TruncatedEncoding};

/// The ids of two texts in one sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairEncoding {
    /// The ids, including special tokens.
    pub ids: Vec<u32>,
    /// The token type of each id, as the tokenizer's template says: in BERT 0 for the first text and 1 for the second.
    pub types: Vec<u32>,
    /// Whether tokens of a text were removed.
    pub truncated: bool,
}

impl Tokenizer {
    /// The ids of two texts in one sequence with the special tokens of the tokenizer's template, such as
    /// `[CLS] first [SEP] second [SEP]`, truncated to at most `max_len` ids.
    ///
    /// Keeps all special tokens. Shortens the longer text first, like `truncation=True` in `transformers`. As there, an empty
    /// second text is left out.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a text, or `max_len` is below the number of special tokens.
    pub fn encode_pair_truncated(
        &self,
        first: &str,
        second: &str,
        max_len: usize,
    ) -> Result<PairEncoding, TokenizeError> {
        if second.is_empty() {
            let TruncatedEncoding { ids, truncated } = self.encode_truncated(first, max_len)?;
            return Ok(PairEncoding { types: vec![0; ids.len()], ids, truncated });
        }
        let segment = |text: &str| self.pipeline.encode_fast(text, false);
        let (encoding, truncated) = self.encode_pair_by(first, second, max_len, segment)?;
        Ok(PairEncoding {
            ids: encoding.get_ids().to_vec(),
            types: encoding.get_type_ids().to_vec(),
            truncated,
        })
    }

    /// The encoding of two texts, which `segment` segments, and whether tokens were removed.
    pub(crate) fn encode_pair_by(
        &self,
        first: &str,
        second: &str,
        max_len: usize,
        segment: impl Fn(&str) -> tokenizers::Result<tokenizers::Encoding>,
    ) -> Result<(tokenizers::Encoding, bool), TokenizeError> {
        let encode = |text: &str, of_token: u32| -> tokenizers::Result<tokenizers::Encoding> {
            let mut encoding = segment(text)?;
            encoding.set_type_ids(vec![of_token; encoding.len()]);
            Ok(encoding)
        };
        let first = encode(first, 0).map_err(TokenizeError::Encode)?;
        let second = encode(second, 1).map_err(TokenizeError::Encode)?;
        let special =
            self.pipeline.get_post_processor().map_or(0, |added| added.added_tokens(true));
        let room = max_len.checked_sub(special);
        let room = room.ok_or(TokenizeError::NoRoom { max_len, special })?;
        let truncated = first.len() + second.len() > room;
        let params = TruncationParams {
            direction: if self.truncates_left {
                TruncationDirection::Left
            } else {
                TruncationDirection::Right
            },
            max_length: room,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
        };
        let encoding = truncate_encodings(first, Some(second), &params)
            .and_then(|(first, second)| self.pipeline.post_process(first, second, true))
            .map_err(TokenizeError::Encode)?;
        Ok((encoding, truncated))
    }
}
