#![doc = include_str!("../README.md")]

mod alibi;
mod bias;
mod learned;
mod relative;
mod rotary;
mod sinusoidal;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

pub use alibi::{Alibi, AlibiConfig};
pub use bias::PositionBias;
pub use learned::{LearnedPositions, LearnedPositionsConfig};
pub use relative::{RelativePositionBias, RelativePositionBiasConfig};
pub use rotary::{Rotary, RotaryConfig, RotaryPairing, RotaryScaling};
pub use sinusoidal::{SinusoidLayout, SinusoidalPositions, SinusoidalPositionsConfig};

/// Absolute positional encodings, which are added to the token embeddings.
#[derive(Module, Debug)]
pub enum Positions {
    /// Fixed sinusoids (Vaswani et al. 2017, section 3.5).
    Sinusoidal(SinusoidalPositions),
    /// A learned table (Gehring et al. 2017; BERT, GPT-2).
    Learned(LearnedPositions),
}

impl Positions {
    /// The encodings of positions `start..start + len`.
    ///
    /// # Shapes
    /// - output: `[len, d_model]`
    ///
    /// # Panics
    /// If a position is outside a learned table.
    pub fn forward(&self, start: usize, len: usize, device: &Device) -> Tensor<2> {
        match self {
            Self::Sinusoidal(positions) => positions.forward(start, len, device),
            Self::Learned(positions) => positions.forward(start, len),
        }
    }

    /// The encodings of the given positions.
    ///
    /// # Shapes
    /// - output: `[positions.len(), d_model]`
    ///
    /// # Panics
    /// If a position is outside a learned table.
    pub fn forward_at(&self, positions: &[usize], device: &Device) -> Tensor<2> {
        match self {
            Self::Sinusoidal(encodings) => encodings.forward_at(positions, device),
            Self::Learned(table) => table.forward_at(positions),
        }
    }

    /// The maximum number of positions, if it is limited.
    pub fn max_len(&self) -> Option<usize> {
        match self {
            Self::Sinusoidal(_) => None,
            Self::Learned(positions) => Some(positions.max_len()),
        }
    }
}
