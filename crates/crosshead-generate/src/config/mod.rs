//! How sequences are decoded.

mod check;
mod length;
mod sampling;
mod strategy;

use serde::{Deserialize, Serialize};

use crate::LengthPenalty;

pub use length::Length;
pub use sampling::Sampling;
pub use strategy::{BeamSearch, EarlyStopping, Strategy};

/// How sequences are decoded: the options of [`decode`](crate::decode).
///
/// Defaults are those of Hugging Face transformers; the length limit is 256.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecodingConfig {
    /// How the next token is chosen.
    pub strategy: Strategy,
    /// The token that every sequence is fed first.
    pub start_id: u32,
    /// What each sequence of the batch continues, in place of the start token; empty for the start token alone. A
    /// prompt counts for repetition, and nowhere else.
    pub prompts: Vec<Vec<u32>>,
    /// The tokens that end a sequence; it may have several, or none.
    pub eos_ids: Vec<u32>,
    /// The first token of every sequence that begins with one token alone, with probability 1: `forced_bos_token_id` of
    /// transformers, such as the code of the target language.
    pub forced_bos: Option<u32>,
    /// Tokens that are never generated, such as padding, even where they are forced.
    pub suppressed: Vec<u32>,
    /// Tokens that are not generated first, or first after `forced_bos`: `begin_suppress_tokens` of transformers.
    pub suppressed_first: Vec<u32>,
    /// Sequences of tokens that are never generated: `bad_words_ids` of transformers.
    pub bad_words: Vec<Vec<u32>>,
    /// Over which tokens the probabilities sum to 1.
    pub normalization: Normalization,
    /// Most tokens to generate, the end token counted and the start token not: `max_new_tokens` of transformers, where
    /// `max_length` counts the start token too.
    pub max_len: Length,
    /// The tokens of which one is the last that `max_len` allows, each with probability 1: `forced_eos_token_id` of
    /// transformers. A sequence is cut off at the limit where there are none, or where they are no end tokens.
    pub forced_eos: Vec<u32>,
    /// Fewest tokens before an end token: `min_new_tokens` of transformers.
    pub min_len: Length,
    /// How hypotheses of different lengths are compared.
    pub length_penalty: LengthPenalty,
    /// No n-gram of this many tokens may occur twice, the start token or prompt counted; 0 for no such limit.
    pub no_repeat_ngram_size: usize,
    /// Divides positive and multiplies negative scores of tokens that occurred before, prompt or start token counted (Keskar
    /// et al., *CTRL*, 2019, section 4.1); 1 for none. As in transformers, the scores are logits in greedy decoding and
    /// sampling, and log-probabilities in beam search.
    pub repetition_penalty: f32,
}

/// Over which tokens the probabilities sum to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// Over all but the suppressed ones. Right for tokens that training left out of the softmax as well, and what
    /// CTranslate2 does.
    #[default]
    Allowed,
    /// Over the whole vocabulary; suppressed tokens are struck out afterwards, as in the beam search of transformers.
    WholeVocabulary,
    /// Over those that no option and no [`Constraint`](crate::Constraint) forbids, as in transformers with
    /// `renormalize_logits`.
    Remaining,
}

impl DecodingConfig {
    /// Greedy decoding of a model whose sequences start with `start_id` and end with `eos_id`.
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

    /// Sets how the next token is chosen: a [`Strategy`], a [`BeamSearch`] or a [`Sampling`]. Default: greedily.
    pub fn with_strategy(self, strategy: impl Into<Strategy>) -> Self {
        Self { strategy: strategy.into(), ..self }
    }

    /// Continues these prompts, one for each sequence of the batch. Default: none, which is the start token alone.
    pub fn with_prompts(self, prompts: impl Into<Vec<Vec<u32>>>) -> Self {
        Self { prompts: prompts.into(), ..self }
    }

    /// Sets the end tokens, in place of the one of [`new`](Self::new).
    pub fn with_eos_ids(self, eos_ids: impl Into<Vec<u32>>) -> Self {
        Self { eos_ids: eos_ids.into(), ..self }
    }

    /// Forces the first token of every sequence. Default: none.
    pub fn with_forced_bos(self, forced_bos: impl Into<Option<u32>>) -> Self {
        Self { forced_bos: forced_bos.into(), ..self }
    }

    /// Forbids tokens at the beginning. Default: none.
    pub fn with_suppressed_first(self, suppressed_first: impl Into<Vec<u32>>) -> Self {
        Self { suppressed_first: suppressed_first.into(), ..self }
    }

    /// Forbids sequences of tokens. Default: none.
    pub fn with_bad_words(self, bad_words: impl Into<Vec<Vec<u32>>>) -> Self {
        Self { bad_words: bad_words.into(), ..self }
    }

    /// Forbids tokens. Default: none.
    pub fn with_suppressed(self, suppressed: impl Into<Vec<u32>>) -> Self {
        Self { suppressed: suppressed.into(), ..self }
    }

    /// Sets over which tokens the probabilities sum to 1. Default: [`Normalization::Allowed`].
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        Self { normalization, ..self }
    }

    /// Sets the most tokens to generate, the end token counted. Default: 256.
    pub fn with_max_len(self, max_len: impl Into<Length>) -> Self {
        Self { max_len: max_len.into(), ..self }
    }

    /// Forces one of these tokens at the length limit. Default: none.
    pub fn with_forced_eos(self, forced_eos: impl Into<Vec<u32>>) -> Self {
        Self { forced_eos: forced_eos.into(), ..self }
    }

    /// Sets the fewest tokens before an end token. Default: 0.
    pub fn with_min_len(self, min_len: impl Into<Length>) -> Self {
        Self { min_len: min_len.into(), ..self }
    }

    /// Sets how hypotheses of different lengths are compared. Default: [`LengthPenalty::Average`].
    pub fn with_length_penalty(self, length_penalty: LengthPenalty) -> Self {
        Self { length_penalty, ..self }
    }

    /// Forbids that an n-gram of this many tokens occurs twice. Default: 0, which forbids none.
    pub fn with_no_repeat_ngram_size(self, no_repeat_ngram_size: usize) -> Self {
        Self { no_repeat_ngram_size, ..self }
    }

    /// Makes tokens that occurred before less likely (above 1) or more likely (below). Default: 1, which changes nothing.
    pub fn with_repetition_penalty(self, repetition_penalty: f32) -> Self {
        Self { repetition_penalty, ..self }
    }

    /// What a sequence of the batch begins with: its prompt, or the start token.
    pub(crate) fn prompt(&self, sequence: usize) -> Vec<u32> {
        self.prompts.get(sequence).cloned().unwrap_or_else(|| vec![self.start_id])
    }
}
