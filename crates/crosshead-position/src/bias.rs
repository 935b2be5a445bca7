//! Position biases of the attention scores.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::{Alibi, RelativePositionBias};

/// A bias of the attention scores that depends on the distance between query and key.
#[derive(Module, Debug)]
pub enum PositionBias {
    /// A penalty linear in the distance (Press, Smith & Lewis 2022).
    Alibi(Alibi),
    /// A learned value for each bucket of distances (Raffel et al. 2020).
    Relative(RelativePositionBias),
}

impl PositionBias {
    /// The bias for queries at positions `start..start + q_len` and keys at positions `0..k_len`.
    ///
    /// # Shapes
    /// - output: `[1, n_heads, q_len, k_len]`
    pub fn forward(&self, start: usize, q_len: usize, k_len: usize, device: &Device) -> Tensor<4> {
        match self {
            Self::Alibi(alibi) => alibi.forward(start, q_len, k_len, device),
            Self::Relative(bias) => bias.forward(start, q_len, k_len),
        }
    }
}
