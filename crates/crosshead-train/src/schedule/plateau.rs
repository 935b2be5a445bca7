//! Reducing the learning rate when the validation score stops improving.

use serde::{Deserialize, Serialize};

/// When and how the rate is reduced, with the rule of PyTorch's `ReduceLROnPlateau`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plateau {
    /// The factor of the rate.
    pub factor: f64,
    /// The number of validations without a better score after which the next one reduces the rate.
    pub patience: u64,
    /// How much better a score must be, relative to the best one.
    pub threshold: f64,
}

/// The state of the rule, in checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlateauState {
    /// The learning rate after warmup.
    pub rate: f64,
    /// The best score; higher is better.
    pub best: Option<f64>,
    /// Number of validations without a better score.
    pub bad: u64,
}

impl Plateau {
    /// The state before the first validation.
    pub(crate) fn start(self, peak: f64) -> PlateauState {
        PlateauState { rate: peak, best: None, bad: 0 }
    }

    /// The state after a validation. The rate is never less than `end`.
    pub(crate) fn after(self, state: PlateauState, score: f64, end: f64) -> PlateauState {
        // For a positive score this is best · (1 + threshold); for a negative one, such as a negated loss, best · (1 − threshold).
        let is_better = state.best.is_none_or(|best| score > best + best.abs() * self.threshold);
        if is_better {
            let best = if score.is_nan() { state.best } else { Some(score) };
            return PlateauState { best, bad: 0, ..state };
        }
        if state.bad < self.patience {
            return PlateauState { bad: state.bad + 1, ..state };
        }
        PlateauState { rate: (state.rate * self.factor).max(end), bad: 0, ..state }
    }
}
