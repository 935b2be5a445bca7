//! How often something happens in a run.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::number_or_word::NumberOrWord;

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
        let value = NumberOrWord { unit: "steps", word: EPOCH };
        Ok(value.deserialize(deserializer)?.map_or(Self::Epoch, Self::Steps))
    }
}
