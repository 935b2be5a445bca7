//! Groups of parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wrong;
use crate::recipe::InvalidKey;

/// Parameters with their own learning rate or weight decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSection {
    /// Their names; `*` matches any text.
    pub name: String,
    /// The factor of their learning rate.
    #[serde(default = "one")]
    pub learning_rate: f64,
    /// Their weight decay.
    pub weight_decay: Option<f64>,
}

impl GroupSection {
    /// Checks the values.
    pub(super) fn check(&self) -> Result<(), InvalidKey> {
        let is_size = |value: f64| value.is_finite() && value >= 0.0;
        let values =
            [("learning_rate", Some(self.learning_rate)), ("weight_decay", self.weight_decay)];
        let invalid = values.iter().find(|(_, value)| value.is_some_and(|value| !is_size(value)));
        match invalid {
            Some((key, _)) => wrong(
                "groups",
                format!("{key} of `{}` must be a finite number of at least 0", self.name),
            ),
            None => Ok(()),
        }
    }
}

fn one() -> f64 {
    1.0
}
