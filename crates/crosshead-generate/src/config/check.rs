//! Validation of the options against the batch, the vocabulary and each other.

use super::{BeamSearch, DecodingConfig, Length, Sampling, Strategy};
use crate::{GenerateError, Phrase};

/// The strategy that phrases need.
const BEAMS_FOR_PHRASES: &str = "beam search if there are phrases";

impl DecodingConfig {
    /// Checks every option.
    pub(crate) fn check(&self, batch: usize, vocab_size: usize) -> Result<(), GenerateError> {
        match &self.strategy {
            Strategy::Greedy => {}
            Strategy::BeamSearch(options) => options.check()?,
            Strategy::Sampling(options) => options.check()?,
        }
        self.check_tokens(vocab_size)?;
        self.check_batch(batch)?;
        self.check_phrases()?;
        for (option, penalty) in [
            ("repetition_penalty", self.repetition_penalty),
            ("source_repetition_penalty", self.source_repetition_penalty),
            ("end_boost", self.end_boost.map_or(1.0, |boost| boost.factor)),
        ] {
            if !(penalty.is_finite() && penalty > 0.0) {
                return Err(out_of_range(option, penalty, "a finite number above 0"));
            }
        }
        if let Some(bias) = self.sequence_bias.iter().find(|bias| !bias.bias.is_finite()) {
            return Err(out_of_range("sequence_bias", bias.bias, "a finite number"));
        }
        if self.loop_guard.is_some_and(|guard| guard.max_copies == 0) {
            return Err(out_of_range("loop_guard", 0, "1 or more copies"));
        }
        if !self.length_penalty.alpha().is_finite() {
            let alpha = self.length_penalty.alpha();
            return Err(out_of_range("length_penalty", alpha, "a finite number"));
        }
        Ok(())
    }

    fn check_tokens(&self, vocab_size: usize) -> Result<(), GenerateError> {
        let bad_words = self.bad_words.concat();
        let biased = self.sequence_bias.iter().flat_map(|bias| bias.tokens.iter().copied());
        let biased: Vec<u32> = biased.collect();
        let forms = self.phrases.all().flat_map(|phrase| &phrase.forms);
        let phrases: Vec<u32> = forms.flat_map(|form| form.tokens.iter().copied()).collect();
        let named: [(&'static str, &[u32]); 9] = [
            ("start_id", &[self.start_id]),
            ("eos_ids", &self.eos_ids),
            ("forced_bos", self.forced_bos.as_slice()),
            ("forced_eos", &self.forced_eos),
            ("suppressed", &self.suppressed),
            ("suppressed_first", &self.suppressed_first),
            ("bad_words", &bad_words),
            ("sequence_bias", &biased),
            ("phrases", &phrases),
        ];
        let prompts = self.prompts.iter().map(|prompt| ("prompts", prompt.as_slice()));
        // A loop guard may look at a source with another vocabulary.
        let uses = self.no_source_ngram_size > 0 || self.source_repetition_penalty != 1.0;
        let sources = self.sources.iter().filter(|_| uses);
        let sources = sources.map(|source| ("sources", source.as_slice()));
        for (option, tokens) in named.into_iter().chain(prompts).chain(sources) {
            if let Some(&token) = tokens.iter().find(|&&token| token as usize >= vocab_size) {
                return Err(GenerateError::TokenOutOfVocabulary { option, token, vocab_size });
            }
        }
        Ok(())
    }

    fn check_batch(&self, batch: usize) -> Result<(), GenerateError> {
        if !self.prompts.is_empty() && self.prompts.len() != batch {
            let expected = "one for each sequence, or none";
            return Err(out_of_range("prompts", self.prompts.len(), expected));
        }
        for (option, count) in [
            ("sources", self.sources.len()),
            ("sequence_numbers", self.sequence_numbers.len()),
            ("phrases", self.phrases.count().unwrap_or(0)),
        ] {
            if count != 0 && count != batch {
                return Err(out_of_range(option, count, "one for each sequence, or none"));
            }
        }
        if self.prompts.iter().any(Vec::is_empty) {
            return Err(out_of_range("prompts", "empty", "at least one token for each sequence"));
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
        Ok(())
    }
}

impl DecodingConfig {
    fn check_phrases(&self) -> Result<(), GenerateError> {
        let is_empty = |phrase: &Phrase| {
            phrase.forms.is_empty() || phrase.forms.iter().any(|form| form.tokens.is_empty())
        };
        if self.phrases.all().any(is_empty) {
            return Err(out_of_range("phrases", "empty", "at least one token for each form"));
        }
        if self.phrases.is_empty() {
            return Ok(());
        }
        match &self.strategy {
            Strategy::BeamSearch(options) if options.groups == 1 => Ok(()),
            Strategy::BeamSearch(options) => {
                Err(out_of_range("groups", options.groups, "1 if there are phrases"))
            }
            Strategy::Greedy => Err(out_of_range("strategy", "greedy", BEAMS_FOR_PHRASES)),
            Strategy::Sampling(_) => Err(out_of_range("strategy", "sampling", BEAMS_FOR_PHRASES)),
        }
    }
}

impl BeamSearch {
    fn check(&self) -> Result<(), GenerateError> {
        if self.beams == 0 {
            return Err(out_of_range("beams", self.beams, "1 or more"));
        }
        if self.n_best == 0 || self.n_best > self.beams {
            return Err(out_of_range("n_best", self.n_best, "from 1 to the number of beams"));
        }
        if self.groups == 0 || !self.beams.is_multiple_of(self.groups) {
            return Err(out_of_range("groups", self.groups, "a divisor of the number of beams"));
        }
        if !(self.diversity_penalty.is_finite() && self.diversity_penalty >= 0.0) {
            let expected = "a finite number from 0";
            return Err(out_of_range("diversity_penalty", self.diversity_penalty, expected));
        }
        Ok(())
    }
}

impl Sampling {
    fn check(&self) -> Result<(), GenerateError> {
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            let expected =
                "a finite number above 0; use greedy decoding for the most probable token";
            return Err(out_of_range("temperature", self.temperature, expected));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(out_of_range("top_p", self.top_p, "above 0 and at most 1"));
        }
        for (option, value) in [("typical_p", self.typical_p), ("top_h", self.top_h.unwrap_or(1.0))]
        {
            if !(value > 0.0 && value <= 1.0) {
                return Err(out_of_range(option, value, "above 0 and at most 1"));
            }
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return Err(out_of_range("min_p", self.min_p, "from 0 to 1"));
        }
        for (option, value) in
            [("epsilon_cutoff", self.epsilon_cutoff), ("eta_cutoff", self.eta_cutoff)]
        {
            if !(0.0..1.0).contains(&value) {
                return Err(out_of_range(option, value, "from 0 to less than 1"));
            }
        }
        Ok(())
    }
}

/// The error for an option with a value that is out of range.
pub(crate) fn out_of_range(
    option: &'static str,
    value: impl ToString,
    expected: &'static str,
) -> GenerateError {
    GenerateError::OptionOutOfRange { option, value: value.to_string(), expected }
}
