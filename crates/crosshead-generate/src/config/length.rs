//! Length limits.

use serde::{Deserialize, Serialize};

/// A limit on the number of tokens to generate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Length {
    /// The same limit for every sequence of the batch.
    Same(usize),
    /// One limit for each sequence of the batch.
    PerRow(Vec<usize>),
}

impl Length {
    /// The limit of one sequence of the batch.
    ///
    /// # Panics
    /// If there is no limit for this sequence.
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
