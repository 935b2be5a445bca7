//! How often something happens in a run.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How often something happens: every so many steps, or after each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Every so many steps.
    Steps(u64),
    /// After each pass over the training data.
    Epoch,
}

const EPOCH: &str = "epoch";

impl Serialize for Every {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Steps(steps) => serializer.serialize_u64(*steps),
            Self::Epoch => serializer.serialize_str(EPOCH),
        }
    }
}

impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StepsOrEpoch;
        impl Visitor<'_> for StepsOrEpoch {
            type Value = Every;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of steps, or \"epoch\"")
            }

            fn visit_u64<E: Error>(self, steps: u64) -> Result<Every, E> {
                Ok(Every::Steps(steps))
            }

            fn visit_i64<E: Error>(self, steps: i64) -> Result<Every, E> {
                let steps = u64::try_from(steps);
                steps.map(Every::Steps).map_err(|_| E::custom("must be at least 1"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Every, E> {
                match text {
                    EPOCH => Ok(Every::Epoch),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(StepsOrEpoch)
    }
}
