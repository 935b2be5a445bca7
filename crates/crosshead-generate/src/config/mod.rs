//! Decoding options.

mod check;
mod length;
mod sampling;
mod strategy;

use serde::{Deserialize, Serialize};

use crate::LengthPenalty;

pub use length::Length;
pub use sampling::Sampling;
pub use strategy::{BeamSearch, EarlyStopping, Strategy};

/// Options for [`decode`](crate::decode).
///
/// Defaults are those of Hugging Face transformers, except for the length limit, which is 256.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecodingConfig {
    /// The decoding strategy.
    pub strategy: Strategy,
    /// The start token: the first token that is fed to every sequence.
    pub start_id: u32,
    /// The prompt of each sequence, which replaces the start token; empty for no prompts. Repetition options also apply
    /// to the prompt; length limits do not count it.
    pub prompts: Vec<Vec<u32>>,
    /// The end tokens: one, several, or none.
    pub eos_ids: Vec<u32>,
    /// Forces the first generated token of every sequence whose prompt is a single token, with probability 1:
    /// `forced_bos_token_id` of transformers, such as a target-language code.
    pub forced_bos: Option<u32>,
    /// Tokens that are never generated, such as padding, even if they are forced.
    pub suppressed: Vec<u32>,
    /// Tokens that are not generated first, or directly after `forced_bos`: `begin_suppress_tokens` of transformers.
    pub suppressed_first: Vec<u32>,
    /// Token sequences that are never generated: `bad_words_ids` of transformers.
    pub bad_words: Vec<Vec<u32>>,
    /// The tokens over which probabilities are normalized.
    pub normalization: Normalization,
    /// Maximum number of tokens to generate, including the end token but not the start token: `max_new_tokens` of
    /// transformers (whose `max_length` includes the start token).
    pub max_len: Length,
    /// Forces one of these tokens at the length limit, each with probability 1: `forced_eos_token_id` of transformers. If
    /// empty, or if they are not end tokens, the sequence ends at the limit without an end token.
    pub forced_eos: Vec<u32>,
    /// Minimum number of tokens before an end token: `min_new_tokens` of transformers.
    pub min_len: Length,
    /// Normalizes the scores of hypotheses by their length.
    pub length_penalty: LengthPenalty,
    /// No n-gram of this size may occur twice, counting the start token or prompt; 0 disables this.
    pub no_repeat_ngram_size: usize,
    /// Divides positive and multiplies negative scores of tokens that have occurred before, including in the prompt or start
    /// token (Keskar et al., *CTRL*, 2019, section 4.1); 1 disables it. As in transformers, scores are logits in greedy
    /// decoding and sampling, and log-probabilities in beam search.
    pub repetition_penalty: f32,
}

/// The tokens over which probabilities are normalized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// All except suppressed tokens, as in CTranslate2. Appropriate for tokens that were also excluded from the softmax
    /// in training.
    #[default]
    Allowed,
    /// The full vocabulary; suppressed tokens are removed afterwards, as in the beam search of transformers.
    WholeVocabulary,
    /// All tokens that no option or [`Constraint`](crate::Constraint) forbids, as in transformers with `renormalize_logits`.
    Remaining,
}

impl DecodingConfig {
    /// Greedy decoding with this start token and end token.
    pub fn new(start_id: u32, eos_id: u32) -> Self {
        Self {
            strategy: Strategy::Greedy,
            start_id,
            prompts: Vec::new(),
            eos_ids: vec![eos_id],
            forced_bos: None,
            suppressed: Vec::new(),
            suppressed_first: Vec::new(),
            bad_words: Vec::new(),
            normalization: Normalization::Allowed,
            max_len: Length::Same(256),
            forced_eos: Vec::new(),
            min_len: Length::Same(0),
            length_penalty: LengthPenalty::Average,
            no_repeat_ngram_size: 0,
            repetition_penalty: 1.0,
        }
    }

    /// Sets the decoding strategy: a [`Strategy`], [`BeamSearch`] or [`Sampling`]. Default: greedy decoding.
    pub fn with_strategy(self, strategy: impl Into<Strategy>) -> Self {
        Self { strategy: strategy.into(), ..self }
    }

    /// Sets the prompts, one for each sequence of the batch. Default: none; sequences begin with the start token.
    pub fn with_prompts(self, prompts: impl Into<Vec<Vec<u32>>>) -> Self {
        Self { prompts: prompts.into(), ..self }
    }

    /// Replaces the end token passed to [`new`](Self::new).
    pub fn with_eos_ids(self, eos_ids: impl Into<Vec<u32>>) -> Self {
        Self { eos_ids: eos_ids.into(), ..self }
    }

    /// Forces the first generated token of every sequence. Default: none.
    pub fn with_forced_bos(self, forced_bos: impl Into<Option<u32>>) -> Self {
        Self { forced_bos: forced_bos.into(), ..self }
    }

    /// Forbids tokens at the first position. Default: none.
    pub fn with_suppressed_first(self, suppressed_first: impl Into<Vec<u32>>) -> Self {
        Self { suppressed_first: suppressed_first.into(), ..self }
    }

    /// Forbids token sequences. Default: none.
    pub fn with_bad_words(self, bad_words: impl Into<Vec<Vec<u32>>>) -> Self {
        Self { bad_words: bad_words.into(), ..self }
    }

    /// Forbids tokens. Default: none.
    pub fn with_suppressed(self, suppressed: impl Into<Vec<u32>>) -> Self {
        Self { suppressed: suppressed.into(), ..self }
    }

    /// Sets the tokens over which probabilities are normalized. Default: [`Normalization::Allowed`].
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        Self { normalization, ..self }
    }

    /// Sets the maximum number of tokens to generate, including the end token. Default: 256.
    pub fn with_max_len(self, max_len: impl Into<Length>) -> Self {
        Self { max_len: max_len.into(), ..self }
    }

    /// Forces one of these tokens at the length limit. Default: none.
    pub fn with_forced_eos(self, forced_eos: impl Into<Vec<u32>>) -> Self {
        Self { forced_eos: forced_eos.into(), ..self }
    }

    /// Sets the minimum number of tokens before an end token. Default: 0.
    pub fn with_min_len(self, min_len: impl Into<Length>) -> Self {
        Self { min_len: min_len.into(), ..self }
    }

    /// Sets the length penalty. Default: [`LengthPenalty::Average`].
    pub fn with_length_penalty(self, length_penalty: LengthPenalty) -> Self {
        Self { length_penalty, ..self }
    }

    /// Forbids repeated n-grams of this size. Default: 0, which disables it.
    pub fn with_no_repeat_ngram_size(self, no_repeat_ngram_size: usize) -> Self {
        Self { no_repeat_ngram_size, ..self }
    }

    /// Makes tokens that have occurred before less likely (above 1) or more likely (below 1). Default: 1, which disables it.
    pub fn with_repetition_penalty(self, repetition_penalty: f32) -> Self {
        Self { repetition_penalty, ..self }
    }

    /// The prompt of a sequence of the batch, or the start token.
    pub(crate) fn prompt(&self, sequence: usize) -> Vec<u32> {
        self.prompts.get(sequence).cloned().unwrap_or_else(|| vec![self.start_id])
    }
}
