//! The special tokens around the ids of a text.

use tokenizers::{Encoding, Token};

use super::Tokenizer;
use crate::TokenizeError;
use crate::parts::Pipeline;

/// The special tokens that a model expects around what it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affixes {
    /// The ids before a text, such as `[CLS]`.
    pub before: Vec<u32>,
    /// The ids after it, such as `[SEP]` or `</s>`.
    pub after: Vec<u32>,
}

impl Affixes {
    /// The number of special tokens around a text.
    pub fn count(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// The ids of a text with the special tokens around them.
    pub fn around(&self, ids: impl IntoIterator<Item = u32>) -> Vec<u32> {
        self.before.iter().copied().chain(ids).chain(self.after.iter().copied()).collect()
    }

    /// What a pipeline's post-processor puts around a text.
    fn of(pipeline: &Pipeline) -> Result<Self, TokenizeError> {
        let text = Encoding::from_tokens(vec![Token::new(0, String::new(), (0, 0))], 0);
        let framed = pipeline.post_process(text, None, true).map_err(TokenizeError::Encode)?;
        let mut places = framed.get_special_tokens_mask().iter();
        let place = places.position(|&is_special| is_special == 0);
        let Some((place, None)) = place.map(|place| (place, places.find(|&&mask| mask == 0)))
        else {
            return Err(TokenizeError::Template);
        };
        let ids = framed.get_ids();
        Ok(Self { before: ids[..place].to_vec(), after: ids[place + 1..].to_vec() })
    }
}

impl Tokenizer {
    /// The special tokens that [`encode_with_special`](Self::encode_with_special) puts around a text.
    ///
    /// # Errors
    /// If the tokenizer's template repeats the text or leaves it out.
    pub fn affixes(&self) -> Result<Affixes, TokenizeError> {
        match &self.languages.source {
            Some(affixes) => Ok(affixes.clone()),
            None => Affixes::of(&self.pipeline),
        }
    }

    /// The special tokens that [`encode_target`](Self::encode_target) puts around a text.
    ///
    /// # Errors
    /// As [`affixes`](Self::affixes).
    pub fn target_affixes(&self) -> Result<Affixes, TokenizeError> {
        match &self.languages.target {
            Some(affixes) => Ok(affixes.clone()),
            None => Affixes::of(self.target()),
        }
    }
}
