//! Sampling options.

use serde::{Deserialize, Serialize};

/// Sampling options. Tokens are drawn from the model's distribution after `temperature`, `top_h`, `top_k`, `top_p`, `min_p`,
/// `typical_p`, `epsilon_cutoff` and `eta_cutoff`, applied in this order, as in transformers. Each removes tokens from what the
/// ones before it left, but never the most probable one, or in `typical_p` the most typical one.
///
/// A draw depends only on the seed, the index of the sequence (offset by `first_sequence`), the step and the probabilities,
/// so results are reproducible for any number of threads. The log-probability of a hypothesis is that of the model,
/// before these options.
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
    /// Samples only from tokens with at least `min_p` times the probability of the most probable one (Nguyen et al., *Turning
    /// Up the Heat: Min-p Sampling*, 2024); 0 disables it.
    #[serde(default)]
    pub min_p: f32,
    /// Samples only from the tokens whose information is closest to the entropy, up to the cumulative probability
    /// `typical_p` (Meister et al., *Locally Typical Sampling*, 2022); 1 disables it.
    #[serde(default = "one")]
    pub typical_p: f32,
    /// Samples only from tokens with at least this probability (Hewitt et al., *Truncation Sampling as Language Model
    /// Desmoothing*, 2022); 0 disables it.
    #[serde(default)]
    pub epsilon_cutoff: f32,
    /// Samples only from tokens with at least the probability min(ε, √ε · exp(−entropy)), where ε is this value (eta
    /// sampling of the same paper); 0 disables it.
    #[serde(default)]
    pub eta_cutoff: f32,
    /// Samples only from the most probable tokens, of at most 100, whose share of the entropy is `top_h` (Potraghloo et al.,
    /// *Top-H Decoding*, 2025).
    #[serde(default)]
    pub top_h: Option<f32>,
    /// The index of the batch's first sequence. Several calls with consecutive indices sample the same tokens as a
    /// single call with all sequences.
    pub first_sequence: usize,
}

/// The default of a cumulative probability.
fn one() -> f32 {
    1.0
}

impl Sampling {
    /// Sampling from the model's unmodified distribution.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            typical_p: 1.0,
            epsilon_cutoff: 0.0,
            eta_cutoff: 0.0,
            top_h: None,
            first_sequence: 0,
        }
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

    /// Samples only from tokens with at least `min_p` times the probability of the most probable one. Default: 0, which
    /// disables it.
    pub fn with_min_p(self, min_p: f32) -> Self {
        Self { min_p, ..self }
    }

    /// Samples only from the most typical tokens whose cumulative probability reaches `typical_p`. Default: 1, which disables
    /// it.
    pub fn with_typical_p(self, typical_p: f32) -> Self {
        Self { typical_p, ..self }
    }

    /// Samples only from tokens with at least this probability. Default: 0, which disables it.
    pub fn with_epsilon_cutoff(self, epsilon_cutoff: f32) -> Self {
        Self { epsilon_cutoff, ..self }
    }

    /// Samples only from tokens with at least a probability that depends on the entropy. Default: 0, which disables it.
    pub fn with_eta_cutoff(self, eta_cutoff: f32) -> Self {
        Self { eta_cutoff, ..self }
    }

    /// Samples only from the most probable tokens with this share of the entropy. Default: none.
    pub fn with_top_h(self, top_h: impl Into<Option<f32>>) -> Self {
        Self { top_h: top_h.into(), ..self }
    }

    /// Sets the index of the batch's first sequence. Default: 0.
    pub fn with_first_sequence(self, first_sequence: usize) -> Self {
        Self { first_sequence, ..self }
    }
}
