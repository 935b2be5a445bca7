//! What happens when training diverges.

use crosshead_train::{Guard, OnDivergence};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainSection;

/// What happens to a step that diverges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DivergenceAction {
    /// The run ends with an error.
    Stop,
    /// The step is skipped. After 50 skipped steps in a row the run ends with an error.
    Skip,
    /// The run goes back to its last checkpoint, or to the one before if the very next step diverged, and continues with half
    /// the learning rate. The fifth time is the last.
    Rollback,
}

impl TrainSection {
    /// The guard against divergence.
    pub(super) fn guard(&self) -> Guard {
        let action = match self.on_divergence {
            DivergenceAction::Stop => OnDivergence::Stop,
            DivergenceAction::Skip => OnDivergence::Skip,
            DivergenceAction::Rollback => OnDivergence::RollBack,
        };
        Guard { action, spike: self.spike }
    }
}
