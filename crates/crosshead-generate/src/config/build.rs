//! The constructor and setters of the options.

use super::{DecodingConfig, EndBoost, Length, Normalization, SequenceBias, Strategy};
use crate::{LengthPenalty, LoopGuard, Phrases};

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
            sources: Vec::new(),
            no_source_ngram_size: 0,
            source_repetition_penalty: 1.0,
            sequence_bias: Vec::new(),
            end_boost: None,
            phrases: Phrases::default(),
            loop_guard: None,
            alternatives: 0,
            sequence_numbers: Vec::new(),
        }
    }

    /// Sets the decoding strategy: a [`Strategy`], [`BeamSearch`](crate::BeamSearch) or [`Sampling`](crate::Sampling). Default: greedy decoding.
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

    /// Sets the source of each sequence. Default: none.
    pub fn with_sources(self, sources: impl Into<Vec<Vec<u32>>>) -> Self {
        Self { sources: sources.into(), ..self }
    }

    /// Forbids n-grams of this size that the source has. Default: 0, which disables it.
    pub fn with_no_source_ngram_size(self, no_source_ngram_size: usize) -> Self {
        Self { no_source_ngram_size, ..self }
    }

    /// Makes the tokens of the source more likely (above 1) or less likely (below 1). Default: 1, which disables it.
    pub fn with_source_repetition_penalty(self, source_repetition_penalty: f32) -> Self {
        Self { source_repetition_penalty, ..self }
    }

    /// Changes the scores of tokens that complete a sequence. Default: none.
    pub fn with_sequence_bias(self, sequence_bias: impl Into<Vec<SequenceBias>>) -> Self {
        Self { sequence_bias: sequence_bias.into(), ..self }
    }

    /// Makes end tokens more likely the longer a sequence is. Default: none.
    pub fn with_end_boost(self, end_boost: impl Into<Option<EndBoost>>) -> Self {
        Self { end_boost: end_boost.into(), ..self }
    }

    /// Sets the phrases that must occur. Default: none.
    pub fn with_phrases(self, phrases: Phrases) -> Self {
        Self { phrases, ..self }
    }

    /// Detects repetition loops. Default: none.
    pub fn with_loop_guard(self, loop_guard: impl Into<Option<LoopGuard>>) -> Self {
        Self { loop_guard: loop_guard.into(), ..self }
    }

    /// Records the most probable tokens at each position. Default: 0.
    pub fn with_alternatives(self, alternatives: usize) -> Self {
        Self { alternatives, ..self }
    }

    /// Sets the number of each sequence for sampling. Default: its index plus [`Sampling::first_sequence`](crate::Sampling::first_sequence).
    pub fn with_sequence_numbers(self, sequence_numbers: impl Into<Vec<usize>>) -> Self {
        Self { sequence_numbers: sequence_numbers.into(), ..self }
    }

    /// The prompt of a sequence of the batch, or the start token.
    pub(crate) fn prompt(&self, sequence: usize) -> Vec<u32> {
        self.prompts.get(sequence).cloned().unwrap_or_else(|| vec![self.start_id])
    }

    /// The source of a sequence of the batch; empty if it has none.
    pub(crate) fn source(&self, sequence: usize) -> &[u32] {
        self.sources.get(sequence).map_or(&[], Vec::as_slice)
    }

    /// The number of consecutive copies of an n-gram that a sequence may have, if that is limited.
    pub(crate) fn allowed_copies(&self, sequence: usize) -> Option<usize> {
        self.loop_guard.map(|guard| guard.allowed(self.source(sequence)))
    }
}
