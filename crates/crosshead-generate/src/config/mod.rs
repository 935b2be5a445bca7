//! Decoding options.

mod bias;
mod build;
mod check;
mod length;
mod sampling;
mod strategy;

use serde::{Deserialize, Serialize};

use crate::{LengthPenalty, LoopGuard, Phrases};

pub use bias::{EndBoost, SequenceBias};
pub(crate) use check::out_of_range;
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
    /// The source of each sequence, which the next two options and [`LoopGuard`] look at; empty for no sources.
    #[serde(default)]
    pub sources: Vec<Vec<u32>>,
    /// No n-gram of this size of the source may occur: `encoder_no_repeat_ngram_size` of transformers; 0 disables this.
    #[serde(default)]
    pub no_source_ngram_size: usize,
    /// Like `repetition_penalty` for the tokens of the source, except that values above 1 make them more likely:
    /// `encoder_repetition_penalty` of transformers; 1 disables it.
    #[serde(default = "one")]
    pub source_repetition_penalty: f32,
    /// Changes the scores of tokens that complete a sequence: `sequence_bias` of transformers.
    #[serde(default)]
    pub sequence_bias: Vec<SequenceBias>,
    /// Makes end tokens more likely the longer a sequence is: `exponential_decay_length_penalty` of transformers.
    #[serde(default)]
    pub end_boost: Option<EndBoost>,
    /// Phrases that must occur. They need beam search, which then is constrained: see [`BeamSearch`].
    #[serde(default)]
    pub phrases: Phrases,
    /// Detects repetition loops.
    #[serde(default)]
    pub loop_guard: Option<LoopGuard>,
    /// The number of most probable tokens to record at each position, after all options and constraints.
    #[serde(default)]
    pub alternatives: usize,
    /// The number of each sequence, from which sampling draws its tokens, instead of its index plus
    /// [`first_sequence`](Sampling::first_sequence); empty for the latter.
    #[serde(default)]
    pub sequence_numbers: Vec<usize>,
}

/// The default of a factor.
fn one() -> f32 {
    1.0
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
