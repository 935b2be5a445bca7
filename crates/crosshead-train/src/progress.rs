//! The progress of a run.

use crosshead_data::BatchPosition;
use serde::{Deserialize, Serialize};

use crate::{GuardState, PlateauState, Snapshot};

/// The progress of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Number of completed steps.
    pub step: u64,
    /// The epoch of the next batch.
    pub epoch: u64,
    /// Index of the next batch in the epoch.
    pub batch: usize,
    /// Number of processed tokens without padding; see [`Task::tokens`](crate::Task::tokens).
    pub tokens: u64,
    /// Seconds spent in training steps.
    pub seconds: f64,
    /// The best validation score so far; higher is better.
    pub best_score: Option<f64>,
    /// The step of the best score.
    pub best_step: Option<u64>,
    /// Number of validations since the last one with a better score.
    #[serde(default, skip_serializing_if = "is_default")]
    pub validations_since_best: u64,
    /// The steps whose weights are kept for the average at the end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub snapshots: Vec<Snapshot>,
    /// The state of a schedule that depends on the scores.
    #[serde(default, skip_serializing_if = "is_default")]
    pub plateau: Option<PlateauState>,
    /// The state of the guard against divergence.
    #[serde(default, skip_serializing_if = "is_default")]
    pub guard: GuardState,
}

impl Progress {
    /// Whether a validation score is the best so far; ties go to the later one.
    pub fn is_best(&self, score: f64) -> bool {
        self.best_score.is_none_or(|best| best.is_nan() || score >= best)
    }

    /// The next batch.
    pub(crate) fn position(&self) -> BatchPosition {
        BatchPosition { epoch: self.epoch, batch: self.batch }
    }
}

/// Whether a field has the value that it has in runs without its feature, which do not write it.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
