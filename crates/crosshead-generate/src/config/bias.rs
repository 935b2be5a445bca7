//! Options that make tokens more or less likely.

use serde::{Deserialize, Serialize};

/// Makes the completion of a token sequence more or less likely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SequenceBias {
    /// The tokens, at least one. After all but the last of them, the score of the last changes.
    pub tokens: Vec<u32>,
    /// What is added to the score.
    pub bias: f32,
}

/// Makes end tokens more likely the longer a sequence is.
///
/// After `start` tokens, the score s of an end token becomes s + |s| · (factorⁿ − 1), where n is the number of tokens since then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndBoost {
    /// The number of generated tokens at which it begins.
    pub start: usize,
    /// The growth per token.
    pub factor: f32,
}
