//! What to search for.

use crate::{GenerateError, LengthPenalty};

/// Options of [`greedy`](crate::greedy), [`beam_search`](crate::beam_search) and [`sample`](crate::sample).
///
/// Defaults are those of Hugging Face transformers with four beams; the length limit is 256.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateConfig {
    /// The token that every sequence is fed first.
    pub start_id: u32,
    /// What each sequence of the batch goes on from, in place of the start token; empty for the start token alone. A
    /// prompt counts where repetition is looked for, and nowhere else.
    pub prompts: Vec<Vec<u32>>,
    /// The tokens that end a sequence; it may have several, or none.
    pub eos_ids: Vec<u32>,
    /// The first token of every sequence that begins with one token alone, with probability 1: `forced_bos_token_id` of
    /// transformers, such as the code of the language to write.
    pub forced_bos: Option<u32>,
    /// Tokens that are never generated, such as padding, even where they are forced.
    pub suppressed: Vec<u32>,
    /// Tokens that are not generated first, or first behind `forced_bos`: `begin_suppress_tokens` of transformers.
    pub suppressed_first: Vec<u32>,
    /// Sequences of tokens that are never generated: `bad_words_ids` of transformers.
    pub bad_words: Vec<Vec<u32>>,
    /// What the probabilities of the tokens that are not suppressed sum to.
    pub normalization: Normalization,
    /// Most tokens to generate, the end token counted and the start token not: `max_new_tokens` of transformers, where
    /// `max_length` counts the start token too.
    pub max_len: Length,
    /// The tokens of which one is the last that `max_len` allows, each with probability 1: `forced_eos_token_id` of
    /// transformers. A sequence is cut off at the limit where there are none, or where they are no end tokens.
    pub forced_eos: Vec<u32>,
    /// Fewest tokens before an end token: `min_new_tokens` of transformers.
    pub min_len: Length,
    /// Number of hypotheses that [`beam_search`](crate::beam_search) follows at once.
    pub beams: usize,
    /// Number of hypotheses that [`beam_search`](crate::beam_search) returns, at most `beams`.
    pub n_best: usize,
    /// How hypotheses of different lengths are compared.
    pub length_penalty: LengthPenalty,
    /// When a sentence with `beams` finished hypotheses is done.
    pub early_stopping: EarlyStopping,
    /// No n-gram of this many tokens may occur twice, the start token or prompt counted; 0 for no such limit.
    pub no_repeat_ngram_size: usize,
    /// Divides positive and multiplies negative scores of tokens that occurred before, prompt or start token counted (Keskar
    /// et al., *CTRL*, 2019, section 4.1); 1 for none. As in transformers, the scores are logits in greedy decoding and
    /// sampling, and log-probabilities in beam search.
    pub repetition_penalty: f32,
}

/// A number of tokens to generate: the most or the fewest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// The same for every sequence.
    Same(usize),
    /// One per sequence of the batch.
    PerRow(Vec<usize>),
}

/// When beam search is done with a sentence that has as many finished hypotheses as beams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyStopping {
    /// At once (`early_stopping=True` of transformers).
    Full,
    /// When the best live beam, ended here, would rank below all of them (`early_stopping=False`).
    #[default]
    Heuristic,
    /// When the best live beam would rank below all of them even if it grew to the best length for its score without
    /// losing probability (`early_stopping="never"`).
    Never,
}

/// How suppressed tokens enter the softmax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalization {
    /// Suppressed tokens are left out: the others' probabilities sum to 1. Right for tokens that training left out of
    /// the softmax as well, and what CTranslate2 does.
    #[default]
    Allowed,
    /// The softmax is over the whole vocabulary, and suppressed tokens are struck out afterwards, as in the beam search
    /// of transformers.
    WholeVocabulary,
    /// The probabilities of the tokens that no constraint forbids sum to 1, as in transformers with
    /// `renormalize_logits`.
    Remaining,
}

impl GenerateConfig {
    /// The default search for a model whose sequences start with `start_id` and end with `eos_id`.
    pub fn new(start_id: u32, eos_id: u32) -> Self {
        Self {
            start_id,
            prompts: Vec::new(),
            eos_ids: vec![eos_id],
            forced_bos: None,
            suppressed: Vec::new(),
            suppressed_first: Vec::new(),
            bad_words: Vec::new(),
            normalization: Normalization::default(),
            max_len: Length::Same(256),
            forced_eos: Vec::new(),
            min_len: Length::Same(0),
            beams: 4,
            n_best: 1,
            length_penalty: LengthPenalty::Average,
            early_stopping: EarlyStopping::default(),
            no_repeat_ngram_size: 0,
            repetition_penalty: 1.0,
        }
    }

    /// Sets [`prompts`](Self::prompts).
    pub fn with_prompts(self, prompts: impl Into<Vec<Vec<u32>>>) -> Self {
        Self { prompts: prompts.into(), ..self }
    }

    /// Sets [`eos_ids`](Self::eos_ids).
    pub fn with_eos_ids(self, eos_ids: impl Into<Vec<u32>>) -> Self {
        Self { eos_ids: eos_ids.into(), ..self }
    }

    /// Sets [`forced_bos`](Self::forced_bos).
    pub fn with_forced_bos(self, forced_bos: impl Into<Option<u32>>) -> Self {
        Self { forced_bos: forced_bos.into(), ..self }
    }

    /// Sets [`suppressed_first`](Self::suppressed_first).
    pub fn with_suppressed_first(self, suppressed_first: impl Into<Vec<u32>>) -> Self {
        Self { suppressed_first: suppressed_first.into(), ..self }
    }

    /// Sets [`bad_words`](Self::bad_words).
    pub fn with_bad_words(self, bad_words: impl Into<Vec<Vec<u32>>>) -> Self {
        Self { bad_words: bad_words.into(), ..self }
    }

    /// Sets [`suppressed`](Self::suppressed).
    pub fn with_suppressed(self, suppressed: impl Into<Vec<u32>>) -> Self {
        Self { suppressed: suppressed.into(), ..self }
    }

    /// Sets [`normalization`](Self::normalization).
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        Self { normalization, ..self }
    }

    /// Sets [`max_len`](Self::max_len).
    pub fn with_max_len(self, max_len: impl Into<Length>) -> Self {
        Self { max_len: max_len.into(), ..self }
    }

    /// Sets [`forced_eos`](Self::forced_eos).
    pub fn with_forced_eos(self, forced_eos: impl Into<Vec<u32>>) -> Self {
        Self { forced_eos: forced_eos.into(), ..self }
    }

    /// Sets [`min_len`](Self::min_len).
    pub fn with_min_len(self, min_len: impl Into<Length>) -> Self {
        Self { min_len: min_len.into(), ..self }
    }

    /// Sets [`beams`](Self::beams).
    pub fn with_beams(self, beams: usize) -> Self {
        Self { beams, ..self }
    }

    /// Sets [`n_best`](Self::n_best).
    pub fn with_n_best(self, n_best: usize) -> Self {
        Self { n_best, ..self }
    }

    /// Sets [`length_penalty`](Self::length_penalty).
    pub fn with_length_penalty(self, length_penalty: LengthPenalty) -> Self {
        Self { length_penalty, ..self }
    }

    /// Sets [`early_stopping`](Self::early_stopping).
    pub fn with_early_stopping(self, early_stopping: EarlyStopping) -> Self {
        Self { early_stopping, ..self }
    }

    /// Sets [`no_repeat_ngram_size`](Self::no_repeat_ngram_size).
    pub fn with_no_repeat_ngram_size(self, no_repeat_ngram_size: usize) -> Self {
        Self { no_repeat_ngram_size, ..self }
    }

    /// Sets [`repetition_penalty`](Self::repetition_penalty).
    pub fn with_repetition_penalty(self, repetition_penalty: f32) -> Self {
        Self { repetition_penalty, ..self }
    }

    /// Checks what every kind of search relies on.
    pub(crate) fn check(&self, batch: usize, vocab_size: usize) -> Result<(), GenerateError> {
        let bad_words = self.bad_words.concat();
        let named: [(&'static str, &[u32]); 7] = [
            ("start_id", &[self.start_id]),
            ("eos_ids", &self.eos_ids),
            ("forced_bos", self.forced_bos.as_slice()),
            ("forced_eos", &self.forced_eos),
            ("suppressed", &self.suppressed),
            ("suppressed_first", &self.suppressed_first),
            ("bad_words", &bad_words),
        ];
        let prompts = self.prompts.iter().map(|prompt| ("prompts", prompt.as_slice()));
        for (option, tokens) in named.into_iter().chain(prompts) {
            if let Some(&token) = tokens.iter().find(|&&token| token as usize >= vocab_size) {
                return Err(GenerateError::TokenOutOfVocabulary { option, token, vocab_size });
            }
        }
        if !self.prompts.is_empty() && self.prompts.len() != batch {
            let expected = "as many as there are sequences, or none";
            return Err(out_of_range("prompts", self.prompts.len(), expected));
        }
        if self.prompts.iter().any(Vec::is_empty) {
            return Err(out_of_range("prompts", "empty", "of one token or more"));
        }
        for (option, length) in [("max_len", &self.max_len), ("min_len", &self.min_len)] {
            if let Length::PerRow(lengths) = length
                && lengths.len() != batch
            {
                let lengths = lengths.len();
                return Err(GenerateError::LengthCount { option, lengths, batch });
            }
        }
        if let Some(sequence) = (0..batch).find(|&sequence| self.max_len.of(sequence) == 0) {
            return Err(out_of_range("max_len", self.max_len.of(sequence), "1 or more"));
        }
        if !(self.repetition_penalty.is_finite() && self.repetition_penalty > 0.0) {
            let expected = "a finite number above 0";
            return Err(out_of_range("repetition_penalty", self.repetition_penalty, expected));
        }
        if !self.length_penalty.alpha().is_finite() {
            let alpha = self.length_penalty.alpha();
            return Err(out_of_range("length_penalty", alpha, "a finite number"));
        }
        Ok(())
    }

    /// What a sequence of the batch begins with: its prompt, or the start token.
    pub(crate) fn prompt(&self, sequence: usize) -> Vec<u32> {
        self.prompts.get(sequence).cloned().unwrap_or_else(|| vec![self.start_id])
    }

    /// Checks what beam search relies on besides [`check`](Self::check).
    pub(crate) fn check_beams(&self) -> Result<(), GenerateError> {
        if self.beams == 0 {
            return Err(out_of_range("beams", self.beams, "1 or more"));
        }
        if self.n_best == 0 || self.n_best > self.beams {
            return Err(out_of_range("n_best", self.n_best, "from 1 to the number of beams"));
        }
        Ok(())
    }
}

/// The error of an option that is outside its range.
pub(crate) fn out_of_range(
    option: &'static str,
    value: impl ToString,
    expected: &'static str,
) -> GenerateError {
    GenerateError::OptionOutOfRange { option, value: value.to_string(), expected }
}

impl Length {
    /// The number for one sequence of the batch.
    ///
    /// # Panics
    /// If there is none for it.
    pub fn of(&self, sequence: usize) -> usize {
        match self {
            Self::Same(length) => *length,
            Self::PerRow(lengths) => lengths[sequence],
        }
    }
}

impl From<usize> for Length {
    fn from(length: usize) -> Self {
        Self::Same(length)
    }
}

impl From<Vec<usize>> for Length {
    fn from(lengths: Vec<usize>) -> Self {
        Self::PerRow(lengths)
    }
}
