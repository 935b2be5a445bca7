//! Limits on the number of tokens.

use serde::{Deserialize, Serialize};

/// A number of tokens to generate: the most or the fewest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Length {
    /// The same for every sequence of the batch.
    Same(usize),
    /// One for each sequence of the batch.
    PerRow(Vec<usize>),
}

impl Length {
    /// The number for one sequence of the batch.
    ///
    /// # Panics
    /// If there is none for it.
    pub fn of(&self, sequence: usize) -> usize {
        match self {
            Self::Same(length) => *length,
            Self::PerRow(lengths) => lengths[sequence],
        }
    }
}

impl From<usize> for Length {
    fn from(length: usize) -> Self {
        Self::Same(length)
    }
}

impl From<Vec<usize>> for Length {
    fn from(lengths: Vec<usize>) -> Self {
        Self::PerRow(lengths)
    }
}
