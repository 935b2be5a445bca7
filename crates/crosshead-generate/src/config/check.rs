//! Validation of the options against the batch, the vocabulary and each other.

use super::{BeamSearch, DecodingConfig, Length, Sampling, Strategy};
use crate::GenerateError;

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

    fn check_tokens(&self, vocab_size: usize) -> Result<(), GenerateError> {
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
        Ok(())
    }

    fn check_batch(&self, batch: usize) -> Result<(), GenerateError> {
        if !self.prompts.is_empty() && self.prompts.len() != batch {
            let expected = "one for each sequence, or none";
            return Err(out_of_range("prompts", self.prompts.len(), expected));
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

impl BeamSearch {
    fn check(&self) -> Result<(), GenerateError> {
        if self.beams == 0 {
            return Err(out_of_range("beams", self.beams, "1 or more"));
        }
        if self.n_best == 0 || self.n_best > self.beams {
            return Err(out_of_range("n_best", self.n_best, "from 1 to the number of beams"));
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
        Ok(())
    }
}

/// The error for an option with a value that is out of range.
fn out_of_range(
    option: &'static str,
    value: impl ToString,
    expected: &'static str,
) -> GenerateError {
    GenerateError::OptionOutOfRange { option, value: value.to_string(), expected }
}
