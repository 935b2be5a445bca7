//! How well a model predicts a text.

use std::f64::consts::LN_2;

use serde::Serialize;

use crate::EvaluateError;

/// How well a model predicts a text: perplexity, which depends on the tokenizer, and bits per byte and per character, which
/// can be compared across tokenizers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LanguageScore {
    /// The mean negative log-likelihood of a token, in nats.
    pub nats_per_token: f64,
    /// exp(nats per token): among how many equally likely tokens the model had to choose.
    pub perplexity: f64,
    /// The negative log-likelihood of the text over its bytes in UTF-8, in bits.
    pub bits_per_byte: f64,
    /// The negative log-likelihood of the text over its characters (code points), in bits.
    pub bits_per_character: f64,
    /// The tokens that were predicted.
    pub tokens: usize,
    /// The bytes that they stand for.
    pub bytes: usize,
    /// The characters that they stand for.
    pub characters: usize,
}

impl LanguageScore {
    /// The score for a summed negative log-likelihood in nats of `tokens` tokens, which stand for `text`.
    ///
    /// `text` is what was predicted: without what a model was given to start with.
    ///
    /// # Errors
    ///
    /// If there is no token or no text, or the likelihood is not a number.
    pub fn new(nats: f64, tokens: usize, text: &str) -> Result<Self, EvaluateError> {
        if tokens == 0 || text.is_empty() {
            return Err(EvaluateError::EmptyCorpus);
        }
        if nats.is_nan() {
            return Err(EvaluateError::NotANumber);
        }
        let (bytes, characters) = (text.len(), text.chars().count());
        let nats_per_token = nats / tokens as f64;
        Ok(Self {
            nats_per_token,
            perplexity: nats_per_token.exp(),
            bits_per_byte: nats / LN_2 / bytes as f64,
            bits_per_character: nats / LN_2 / characters as f64,
            tokens,
            bytes,
            characters,
        })
    }
}
