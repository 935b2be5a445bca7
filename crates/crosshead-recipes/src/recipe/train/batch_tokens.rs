//! The number of tokens per batch.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        struct TokensOrAuto;
        impl Visitor<'_> for TokensOrAuto {
            type Value = BatchTokens;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of tokens, or \"auto\"")
            }

            fn visit_u64<E: Error>(self, tokens: u64) -> Result<BatchTokens, E> {
                let tokens = usize::try_from(tokens);
                tokens.map(BatchTokens::Tokens).map_err(|_| E::custom("is too large"))
            }

            fn visit_i64<E: Error>(self, tokens: i64) -> Result<BatchTokens, E> {
                let tokens = usize::try_from(tokens);
                tokens.map(BatchTokens::Tokens).map_err(|_| E::custom("must be at least 1"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<BatchTokens, E> {
                match text {
                    AUTO => Ok(BatchTokens::Auto),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(TokensOrAuto)
    }
}
