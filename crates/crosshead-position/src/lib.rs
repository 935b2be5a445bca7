#![doc = include_str!("../README.md")]

mod learned;
mod sinusoidal;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

pub use learned::{LearnedPositions, LearnedPositionsConfig};
pub use sinusoidal::{SinusoidLayout, SinusoidalPositions, SinusoidalPositionsConfig};

/// A table of absolute positions that is added to the token embeddings.
#[derive(Module, Debug)]
pub enum Positions {
    /// Fixed sinusoids (Vaswani et al. 2017, section 3.5).
    Sinusoidal(SinusoidalPositions),
    /// A learned table (Gehring et al. 2017; BERT, GPT-2).
    Learned(LearnedPositions),
}

impl Positions {
    /// The encodings of positions `start` to `start + len - 1`.
    ///
    /// # Shapes
    /// - output: `[len, d_model]`
    ///
    /// # Panics
    /// If a position lies beyond a learned table.
    pub fn forward(&self, start: usize, len: usize, device: &Device) -> Tensor<2> {
        match self {
            Self::Sinusoidal(positions) => positions.forward(start, len, device),
            Self::Learned(positions) => positions.forward(start, len),
        }
    }

    /// The number of positions there are, where there is a bound.
    pub fn max_len(&self) -> Option<usize> {
        match self {
            Self::Sinusoidal(_) => None,
            Self::Learned(positions) => Some(positions.max_len()),
        }
    }
}
