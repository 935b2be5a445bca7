//! How texts are written: `[decode]` of text-to-text tasks and `[sample]` of language models.

use serde::{Deserialize, Serialize};

use super::Wrong;
use super::data::at_least;

/// How the best text is searched for. What is absent is as the pretrained model has it, or else the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeSection {
    /// Hypotheses followed at once; 1 is greedy search.
    pub beams: Option<usize>,
    /// α of the score log p / lenᵅ.
    pub length_penalty: Option<f64>,
}

impl DecodeSection {
    /// Fills absent keys where no pretrained model does.
    pub(super) fn resolve(&mut self, init: bool) -> Result<(), Wrong> {
        if !init {
            self.beams.get_or_insert(4);
            self.length_penalty.get_or_insert(1.0);
        }
        at_least("decode.beams", self.beams.unwrap_or(1), 1)?;
        match self.length_penalty {
            Some(penalty) if !penalty.is_finite() => {
                let reason = format!("{penalty}: must be a finite number");
                Err(("decode.length_penalty".to_owned(), reason))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The samples that a language model shows at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleSection {
    /// What the samples go on from.
    pub prompts: Vec<String>,
    /// Tokens of a sample.
    pub tokens: usize,
    /// What the logits are divided by.
    pub temperature: f64,
    /// How many of the most probable tokens may be drawn; 0 for all.
    pub top_k: usize,
    /// The probability that the tokens which may be drawn must reach.
    pub top_p: f64,
}

impl Default for SampleSection {
    fn default() -> Self {
        Self { prompts: Vec::new(), tokens: 100, temperature: 0.8, top_k: 0, top_p: 1.0 }
    }
}

impl SampleSection {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        at_least("sample.tokens", self.tokens, 1)?;
        let wrong = |key: &str, value: f64, expected: &str| {
            Err((format!("sample.{key}"), format!("{value}: must be {expected}")))
        };
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return wrong("temperature", self.temperature, "a finite number above 0");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return wrong("top_p", self.top_p, "above 0 and at most 1");
        }
        Ok(())
    }
}
