//! Online softmax: the scores of a row are processed part by part.

use crate::flex::math::exp::exp;
use crate::flex::math::reduce::{exp_and_sum, max};

/// The running softmax of a row (Milakov & Gimelshein 2018).
#[derive(Clone, Copy, Debug)]
pub(super) struct Softmax {
    /// The greatest score, which is finite.
    peak: f32,
    /// Σ exp(score − peak).
    total: f32,
}

impl Default for Softmax {
    fn default() -> Self {
        Self { peak: f32::MIN, total: 0.0 }
    }
}

impl Softmax {
    /// Processes more scores, which are replaced by exp(score − peak); returns the factor by which to rescale all
    /// earlier exponentials.
    #[inline(always)]
    pub(super) fn extend(&mut self, scores: &mut [f32]) -> f32 {
        let peak = max(scores).max(self.peak);
        let factor = exp(self.peak - peak);
        self.total = self.total * factor + exp_and_sum(scores, peak);
        self.peak = peak;
        factor
    }

    /// Merges another state; returns the factors by which to rescale the exponentials of both.
    pub(super) fn merge(&mut self, other: Self) -> [f32; 2] {
        let peak = self.peak.max(other.peak);
        let factors = [exp(self.peak - peak), exp(other.peak - peak)];
        self.total = self.total * factors[0] + other.total * factors[1];
        self.peak = peak;
        factors
    }

    /// The factor that converts exponentials to attention weights, and log Σ exp(score).
    ///
    /// For a row without a visible key, the weights are zero and the logarithm is ∞, so exp(score − ∞) is also 0.
    pub(super) fn finish(self) -> (f32, f32) {
        if self.total == 0.0 {
            (0.0, f32::INFINITY)
        } else {
            (1.0 / self.total, self.peak + self.total.ln())
        }
    }
}
