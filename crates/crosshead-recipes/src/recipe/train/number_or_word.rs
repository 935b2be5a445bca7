//! Values that are a number or a certain word.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

/// A number of something, or a word.
pub(super) struct NumberOrWord {
    /// What the number counts.
    pub(super) unit: &'static str,
    pub(super) word: &'static str,
}

impl NumberOrWord {
    /// The number; `None` if it is the word.
    ///
    /// # Errors
    /// If it is neither.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for NumberOrWord {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number of {}, or \"{}\"", self.unit, self.word)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<u64>, E> {
        Ok(Some(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<u64>, E> {
        u64::try_from(number).map(Some).map_err(|_| E::custom("must be at least 1"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<u64>, E> {
        if text == self.word {
            Ok(None)
        } else {
            Err(E::invalid_value(Unexpected::Str(text), &self))
        }
    }
}
