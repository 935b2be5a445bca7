//! Perplexity and bits per byte of a language model.

use std::f64::consts::LN_2;

use serde::Serialize;

use crate::EvaluateError;

/// How well a language model predicts a text. Perplexity depends on the tokenizer; bits per byte and per character are
/// comparable across tokenizers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LanguageScore {
    /// The mean negative log-likelihood per token, in nats.
    pub nats_per_token: f64,
    /// exp(`nats_per_token`).
    pub perplexity: f64,
    /// The negative log-likelihood per UTF-8 byte, in bits.
    pub bits_per_byte: f64,
    /// The negative log-likelihood per character (code point), in bits.
    pub bits_per_character: f64,
    /// The number of predicted tokens.
    pub tokens: usize,
    /// The number of bytes of the predicted text.
    pub bytes: usize,
    /// The number of characters of the predicted text.
    pub characters: usize,
}

impl LanguageScore {
    /// The score for a negative log-likelihood in nats, summed over `tokens` tokens that decode to `text`.
    ///
    /// `text` is only the predicted text, without the prompt.
    ///
    /// # Errors
    ///
    /// If there are no tokens or no text, or the likelihood is NaN.
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
