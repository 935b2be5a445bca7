//! The guard against divergence: what is done when the loss or the gradient is not finite, or much larger than usual.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to a step that diverges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDivergence {
    /// The run ends with an error.
    #[default]
    Stop,
    /// The step is skipped: weights and optimizer stay as they are.
    Skip,
    /// The run goes back to its last checkpoint and continues with half the learning rate, at most [`MAX_ROLLBACKS`] times. If
    /// the first step after a checkpoint diverges, it goes back to the one before.
    RollBack,
}

/// How often a run can go back to a checkpoint.
pub const MAX_ROLLBACKS: u32 = 5;

/// How many steps in a row can be skipped.
pub const MAX_SKIPS: u32 = 50;

/// The factor of the learning rate for each time that a run went back.
const ROLLBACK_RATE: f64 = 0.5;

/// The guard of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// What happens to a step that diverges.
    pub action: OnDivergence,
    /// A loss or gradient norm this many times its running mean also counts as divergence; `None` for values that are not
    /// finite only.
    pub spike: Option<f64>,
}

/// What is wrong with a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Symptom {
    /// The loss is infinite or NaN.
    LossNotFinite,
    /// The gradient is infinite or NaN.
    GradientNotFinite,
    /// The loss is much larger than usual.
    LossSpike {
        /// The loss.
        value: f64,
        /// Its running mean.
        usual: f64,
    },
    /// The gradient's norm is much larger than usual.
    GradientSpike {
        /// The norm.
        value: f64,
        /// Its running mean.
        usual: f64,
    },
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LossNotFinite => f.write_str("the loss is not finite"),
            Self::GradientNotFinite => f.write_str("the gradient is not finite"),
            Self::LossSpike { value, usual } => {
                write!(f, "the loss is {value:.4}, and usually about {usual:.4}")
            }
            Self::GradientSpike { value, usual } => {
                write!(f, "the gradient's norm is {value:.4}, and usually about {usual:.4}")
            }
        }
    }
}

/// What was done about a step that diverged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Remedy {
    /// The step was skipped.
    Skipped,
    /// The run went back to the checkpoint of a step.
    RolledBack {
        /// The step of the checkpoint.
        to: u64,
        /// The factor of the learning rate from now on.
        rate_factor: f64,
    },
}

/// A step that diverged, and what was done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// The step.
    pub step: u64,
    /// What is wrong with it.
    pub symptom: Symptom,
    /// The indices of its training examples.
    pub examples: Vec<usize>,
    /// What was done about it.
    pub remedy: Remedy,
}

/// The state of the guard, in checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuardState {
    /// Number of steps skipped so far.
    pub skipped: u64,
    /// Number of steps skipped in a row, up to the last step.
    pub skipped_in_a_row: u32,
    /// How often the run went back to a checkpoint.
    pub rollbacks: u32,
    /// The number of steps in the running means.
    pub steps: u64,
    /// The running mean of the loss.
    pub loss: f64,
    /// The running mean of the gradient norm.
    pub gradient_norm: f64,
}

/// The weight of the past in the running means: about the last fifty steps. Spikes are looked for after as many.
const PAST: f64 = 0.98;
const FIRST: u64 = 50;

impl GuardState {
    /// What is wrong with a step of this loss and gradient norm, if anything.
    pub(super) fn symptom(&self, guard: Guard, loss: f64, gradient_norm: f64) -> Option<Symptom> {
        if !loss.is_finite() {
            return Some(Symptom::LossNotFinite);
        }
        if !gradient_norm.is_finite() {
            return Some(Symptom::GradientNotFinite);
        }
        let spike = guard.spike.filter(|_| self.steps >= FIRST)?;
        if loss > spike * self.loss {
            return Some(Symptom::LossSpike { value: loss, usual: self.loss });
        }
        let usual = self.gradient_norm;
        let is_spike = gradient_norm > spike * usual;
        is_spike.then_some(Symptom::GradientSpike { value: gradient_norm, usual })
    }

    /// Takes a step of this loss and gradient norm into account.
    pub(super) fn accept(&mut self, guard: Guard, loss: f64, gradient_norm: f64) {
        self.skipped_in_a_row = 0;
        if guard.spike.is_none() {
            return;
        }
        let past = if self.steps == 0 { 0.0 } else { PAST };
        self.steps += 1;
        self.loss = past * self.loss + (1.0 - past) * loss;
        self.gradient_norm = past * self.gradient_norm + (1.0 - past) * gradient_norm;
    }

    /// The factor of the learning rate.
    pub(super) fn rate_factor(&self) -> f64 {
        ROLLBACK_RATE.powi(self.rollbacks as i32)
    }
}
