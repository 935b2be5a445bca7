//! Averages of weights, and early stopping.

use crosshead_train::{Average, AverageOf, TrainConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TrainSection, wrong};
use crate::recipe::InvalidKey;

/// What is averaged at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AverageKind {
    /// The last checkpoints, of which there is one every `checkpoint_every` steps and one at the end.
    Last,
    /// The best validations by `select`.
    Best,
}

impl TrainSection {
    /// Checks the keys and fills in absent ones.
    pub(super) fn fill_averaging(&mut self) -> Result<(), InvalidKey> {
        match (self.average, self.average_of) {
            (Some(_), _) if self.ema.is_some() => {
                wrong("average", "set either ema or average, not both")
            }
            (Some(_), _) => {
                self.average_of.get_or_insert(AverageKind::Last);
                Ok(())
            }
            (None, Some(_)) => wrong("average_of", "needs average, the number of models"),
            (None, None) => Ok(()),
        }
    }

    /// The configuration with these averages.
    pub(super) fn with_averaging(&self, mut config: TrainConfig) -> TrainConfig {
        if let Some(decay) = self.ema {
            config = config.with_ema(decay);
        }
        if let Some(count) = self.average {
            let of = match self.average_of {
                Some(AverageKind::Best) => AverageOf::Best,
                Some(AverageKind::Last) | None => AverageOf::Last,
            };
            config = config.with_average(Average { of, count });
        }
        if let Some(patience) = self.patience {
            config = config.with_patience(patience);
        }
        config
    }
}
