//! The special tokens that are added to a text.

use tokenizers::{Encoding, Token};

use super::Tokenizer;
use crate::TokenizeError;
use crate::pipeline::Pipeline;

/// The special tokens that are added before and after a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affixes {
    /// The ids before a text, such as `[CLS]`.
    pub before: Vec<u32>,
    /// The ids after it, such as `[SEP]` or `</s>`.
    pub after: Vec<u32>,
}

impl Affixes {
    /// The number of special tokens.
    pub fn count(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Adds the special tokens to the ids of a text.
    pub fn around(&self, ids: impl IntoIterator<Item = u32>) -> Vec<u32> {
        self.before.iter().copied().chain(ids).chain(self.after.iter().copied()).collect()
    }

    /// The special tokens that a pipeline's post-processor adds.
    fn of(pipeline: &Pipeline) -> Result<Self, TokenizeError> {
        let text = Encoding::from_tokens(vec![Token::new(0, String::new(), (0, 0))], 0);
        let processed = pipeline.post_process(text, None, true).map_err(TokenizeError::Encode)?;
        let mut mask = processed.get_special_tokens_mask().iter();
        let text = mask.position(|&is_special| is_special == 0);
        let Some((text, None)) = text.map(|text| (text, mask.find(|&&is_special| is_special == 0)))
        else {
            return Err(TokenizeError::Template);
        };
        let ids = processed.get_ids();
        Ok(Self { before: ids[..text].to_vec(), after: ids[text + 1..].to_vec() })
    }
}

impl Tokenizer {
    /// The special tokens that [`encode_with_special`](Self::encode_with_special) adds to a text.
    ///
    /// # Errors
    /// If the tokenizer's template does not contain the text exactly once.
    pub fn affixes(&self) -> Result<Affixes, TokenizeError> {
        match &self.languages.source {
            Some(affixes) => Ok(affixes.clone()),
            None => Affixes::of(&self.pipeline),
        }
    }

    /// The special tokens that [`encode_target`](Self::encode_target) adds to a text.
    ///
    /// # Errors
    /// See [`affixes`](Self::affixes).
    pub fn target_affixes(&self) -> Result<Affixes, TokenizeError> {
        match &self.languages.target {
            Some(affixes) => Ok(affixes.clone()),
            None => Affixes::of(self.target()),
        }
    }
}
