//! A BLEU score and its components.

use std::fmt;

use serde::Serialize;

use super::MAX_ORDER;
use crate::Score;

/// BLEU with its precisions, brevity penalty and lengths. Index n − 1 of an array holds the value for n-grams.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BleuScore {
    /// BLEU, from 0 to 100.
    pub score: f64,
    /// The settings in sacreBLEU's format: `key:value` pairs separated by `|`.
    pub signature: String,
    /// Smoothed n-gram precisions in percent; 0 if the hypotheses have no n-gram, and all 0 if nothing matches.
    pub precisions: [f64; MAX_ORDER],
    /// The penalty for hypotheses shorter than their references, from 0 to 1 (no penalty).
    pub brevity_penalty: f64,
    /// The number of hypothesis n-grams that occur in a reference, without smoothing.
    pub matches: [u64; MAX_ORDER],
    /// The number of hypothesis n-grams.
    pub totals: [u64; MAX_ORDER],
    /// The number of tokens in the hypotheses.
    pub hypothesis_len: u64,
    /// The number of tokens in the references. With multiple references, the one closest in length to the hypothesis
    /// counts.
    pub reference_len: u64,
}

impl BleuScore {
    /// Hypothesis length divided by reference length; 0 if the references are empty.
    pub fn length_ratio(&self) -> f64 {
        match self.reference_len {
            0 => 0.0,
            reference_len => self.hypothesis_len as f64 / reference_len as f64,
        }
    }

    /// Precisions, brevity penalty and lengths, as in sacreBLEU.
    pub(super) fn details(&self) -> String {
        format!(
            "{} (BP = {:.3} ratio = {:.3} hyp_len = {} ref_len = {})",
            self.precisions.map(|p| format!("{p:.1}")).join("/"),
            self.brevity_penalty,
            self.length_ratio(),
            self.hypothesis_len,
            self.reference_len,
        )
    }
}

impl From<BleuScore> for Score {
    fn from(bleu: BleuScore) -> Self {
        Self { name: "BLEU".to_owned(), score: bleu.score, signature: bleu.signature }
    }
}

/// Writes sacreBLEU's line, `BLEU|signature = 27.30 60.1/35.2/… (BP = … ratio = … hyp_len = … ref_len = …)`,
/// with two decimals for the score unless a precision is given (`{:.4}`).
impl fmt::Display for BleuScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        write!(f, "BLEU|{} = {:.decimals$} {}", self.signature, self.score, self.details())
    }
}
