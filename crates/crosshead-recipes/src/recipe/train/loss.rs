//! The loss of a recipe.

use crosshead_kernels::{CrossEntropy, LabelSmoothing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TrainSection, wrong};
use crate::recipe::InvalidKey;

/// The classes over which label smoothing spreads its share ε.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SmoothingOver {
    /// All classes, so that the label has 1 − ε + ε/V (PyTorch, transformers, Marian).
    All,
    /// All classes but the label, which has 1 − ε (fairseq, OpenNMT, Tensor2Tensor).
    Others,
}

impl TrainSection {
    /// Checks that a task without R-Drop is not asked for it.
    pub(crate) fn without_r_drop(&self) -> Result<(), InvalidKey> {
        match self.r_drop > 0.0 {
            true => wrong("r_drop", "this task does not support it; remove it"),
            false => Ok(()),
        }
    }

    /// The cross-entropy of training.
    pub fn cross_entropy(&self) -> CrossEntropy {
        let epsilon = self.label_smoothing.unwrap_or(0.0) as f32;
        let smoothing = match self.smoothing_over {
            SmoothingOver::All => LabelSmoothing::AllClasses(epsilon),
            SmoothingOver::Others => LabelSmoothing::OtherClasses(epsilon),
        };
        CrossEntropy { smoothing, z_loss: self.z_loss as f32 }
    }
}
