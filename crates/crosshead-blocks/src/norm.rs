//! Normalization layers.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_kernels::{LayerNorm, LayerNormConfig, NormWeights, RmsNorm, RmsNormConfig};
use serde::{Deserialize, Serialize};

/// The type of normalization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// Layer normalization (Ba, Kiros & Hinton 2016), as in Vaswani et al. 2017.
    #[default]
    Layer,
    /// Root-mean-square normalization, without mean and bias (Zhang & Sennrich 2019).
    Rms,
}

impl NormKind {
    /// A normalization of `d_model` features with unit scale.
    pub fn init(self, d_model: usize, epsilon: f32, device: &Device) -> Norm {
        match self {
            Self::Layer => {
                Norm::Layer(LayerNormConfig::new(d_model).with_epsilon(epsilon).init(device))
            }
            Self::Rms => Norm::Rms(RmsNormConfig::new(d_model).with_epsilon(epsilon).init(device)),
        }
    }
}

/// A normalization over the features of each position.
#[derive(Module, Debug)]
pub enum Norm {
    /// Layer normalization.
    Layer(LayerNorm),
    /// Root-mean-square normalization.
    Rms(RmsNorm),
}

impl Norm {
    /// The normalized positions.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, seq, d_model] = x.dims();
        self.forward_rows(x.reshape([batch * seq, d_model])).reshape([batch, seq, d_model])
    }

    /// The normalized rows.
    ///
    /// # Shapes
    /// - `x` and output: `[rows, d_model]`
    pub fn forward_rows(&self, x: Tensor<2>) -> Tensor<2> {
        self.weights().apply(x)
    }

    /// Its scale and bias.
    pub(crate) fn weights(&self) -> NormWeights {
        match self {
            Self::Layer(norm) => norm.weights(),
            Self::Rms(norm) => norm.weights(),
        }
    }
}
