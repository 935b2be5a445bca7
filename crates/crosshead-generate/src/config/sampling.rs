//! Sampling options.

use serde::{Deserialize, Serialize};

/// Sampling options. Tokens are drawn from the model's distribution after `temperature`, `top_k` and `top_p`, applied
/// in this order.
///
/// A draw depends only on the seed, the index of the sequence (offset by `first_sequence`), the step and the probabilities,
/// so results are reproducible for any number of threads. The log-probability of a hypothesis is that of the model,
/// before temperature, top-k and top-p.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Random seed.
    pub seed: u64,
    /// Divides the logits: values below 1 sharpen the distribution, values above 1 flatten it.
    pub temperature: f32,
    /// Samples only from the `top_k` most probable tokens (Fan et al., *Hierarchical Neural Story Generation*, 2018, section
    /// 5.4); 0 disables it. Ties go to the lowest ids.
    pub top_k: usize,
    /// Samples only from the smallest set of most probable tokens whose cumulative probability reaches `top_p` (Holtzman et
    /// al., *The Curious Case of Neural Text Degeneration*, 2020, section 3.1); 1 disables it.
    pub top_p: f32,
    /// The index of the batch's first sequence. Several calls with consecutive indices sample the same tokens as a
    /// single call with all sequences.
    pub first_sequence: usize,
}

impl Sampling {
    /// Sampling from the model's unmodified distribution.
    pub fn new(seed: u64) -> Self {
        Self { seed, temperature: 1.0, top_k: 0, top_p: 1.0, first_sequence: 0 }
    }

    /// Sets the temperature, which must be above 0. Default: 1.
    pub fn with_temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    /// Samples only from the `top_k` most probable tokens. Default: 0, which disables it.
    pub fn with_top_k(self, top_k: usize) -> Self {
        Self { top_k, ..self }
    }

    /// Samples only from the most probable tokens whose cumulative probability reaches `top_p`, above 0 and at most 1.
    /// Default: 1, which disables it.
    pub fn with_top_p(self, top_p: f32) -> Self {
        Self { top_p, ..self }
    }

    /// Sets the index of the batch's first sequence. Default: 0.
    pub fn with_first_sequence(self, first_sequence: usize) -> Self {
        Self { first_sequence, ..self }
    }
}
