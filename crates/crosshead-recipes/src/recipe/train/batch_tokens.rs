//! The number of tokens per batch.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::number_or_word::NumberOrWord;

/// The number of tokens per batch: given, or as many as fit into the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchTokens {
    /// So many tokens, including padding.
    Tokens(usize),
    /// As many as fit into the memory, determined when the run starts.
    Auto,
}

const AUTO: &str = "auto";

impl Serialize for BatchTokens {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Tokens(tokens) => tokens.serialize(serializer),
            Self::Auto => serializer.serialize_str(AUTO),
        }
    }
}

impl<'de> Deserialize<'de> for BatchTokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = NumberOrWord { unit: "tokens", word: AUTO };
        // A batch that no memory holds is not larger than the largest number.
        let tokens = |number| Self::Tokens(usize::try_from(number).unwrap_or(usize::MAX));
        Ok(value.deserialize(deserializer)?.map_or(Self::Auto, tokens))
    }
}
