//! The distribution that tokens are drawn from.

use serde::{Deserialize, Serialize};

/// The distribution that tokens are drawn from: the model's, changed by `temperature`, then `top_k`, then `top_p`.
///
/// A draw depends on the seed, the number of the sequence (counted from `first_sequence`), the step and the probabilities
/// alone, so the same call gives the same tokens for any number of threads. A hypothesis's log-probability is that before
/// temperature, top-k and top-p.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Seed of the draws.
    pub seed: u64,
    /// What the logits are divided by: below 1 sharper, above 1 flatter.
    pub temperature: f32,
    /// How many of the most probable tokens may be drawn (Fan et al., *Hierarchical Neural Story Generation*, 2018,
    /// section 5.4); 0 for all. Of equally probable tokens, those with the lowest ids.
    pub top_k: usize,
    /// Only the smallest set of most probable tokens whose probabilities reach this sum may be drawn (Holtzman et al.,
    /// *The Curious Case of Neural Text Degeneration*, 2020, section 3.1); 1 for all.
    pub top_p: f32,
    /// The number of the first sequence, where a batch is a part of more sequences: their draws are then those of one
    /// batch.
    pub first_sequence: usize,
}

impl Sampling {
    /// The model's own distribution.
    pub fn new(seed: u64) -> Self {
        Self { seed, temperature: 1.0, top_k: 0, top_p: 1.0, first_sequence: 0 }
    }

    /// Divides the logits by a temperature above 0. Default: 1.
    pub fn with_temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    /// Draws from the `top_k` most probable tokens. Default: 0, which is all.
    pub fn with_top_k(self, top_k: usize) -> Self {
        Self { top_k, ..self }
    }

    /// Draws from the most probable tokens whose probabilities reach the sum `top_p`, above 0 and at most 1. Default: 1,
    /// which is all.
    pub fn with_top_p(self, top_p: f32) -> Self {
        Self { top_p, ..self }
    }

    /// Sets the number of the first sequence of the batch. Default: 0.
    pub fn with_first_sequence(self, first_sequence: usize) -> Self {
        Self { first_sequence, ..self }
    }
}
