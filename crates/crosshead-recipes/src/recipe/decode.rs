//! How texts are written: `[decode]` of text-to-text tasks and `[sample]` of language models.

use serde::{Deserialize, Serialize};

use super::Wrong;
use super::data::at_least;

/// How the best text is searched for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeSection {
    /// Hypotheses followed at once; 1 is greedy search.
    pub beams: usize,
    /// α of the score log p / lenᵅ.
    pub length_penalty: f64,
}

impl Default for DecodeSection {
    fn default() -> Self {
        Self { beams: 4, length_penalty: 1.0 }
    }
}

impl DecodeSection {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        at_least("decode.beams", self.beams, 1)
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
