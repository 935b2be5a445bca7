//! Layer normalization and root-mean-square normalization as modules.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::args::norm::NormWeights;

/// Configuration of a [`LayerNorm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerNormConfig {
    d_model: usize,
    epsilon: f32,
}

impl LayerNormConfig {
    /// Normalization over `d_model` features.
    pub fn new(d_model: usize) -> Self {
        Self { d_model, epsilon: 1e-5 }
    }

    /// ε, added to the variance. Default: 1e-5.
    pub fn with_epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// The number of features.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// ε, added to the variance.
    pub fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// The layer, with γ = 1 and β = 0.
    pub fn init(&self, device: &Device) -> LayerNorm {
        LayerNorm {
            weight: Param::from_tensor(Tensor::ones([self.d_model], device)),
            bias: Param::from_tensor(Tensor::zeros([self.d_model], device)),
            epsilon: self.epsilon,
        }
    }
}

/// Layer normalization (Ba, Kiros & Hinton 2016).
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// γ, `[d_model]`
    pub weight: Param<Tensor<1>>,
    /// β, `[d_model]`
    pub bias: Param<Tensor<1>>,
    /// ε, added to the variance.
    #[module(skip)]
    pub epsilon: f32,
}

impl LayerNorm {
    /// The normalized rows.
    ///
    /// # Shapes
    /// - `x` and output: `[rows, d_model]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.weights().apply(x)
    }

    /// The parameters as tensors, with ε.
    pub fn weights(&self) -> NormWeights {
        let beta = Some(self.bias.val());
        NormWeights { gamma: self.weight.val(), beta, epsilon: self.epsilon }
    }
}

/// Configuration of an [`RmsNorm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RmsNormConfig {
    d_model: usize,
    epsilon: f32,
}

impl RmsNormConfig {
    /// Normalization over `d_model` features.
    pub fn new(d_model: usize) -> Self {
        Self { d_model, epsilon: 1e-5 }
    }

    /// ε, added to the mean square. Default: 1e-5.
    pub fn with_epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// The number of features.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// ε, added to the mean square.
    pub fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// The layer, with γ = 1.
    pub fn init(&self, device: &Device) -> RmsNorm {
        RmsNorm {
            weight: Param::from_tensor(Tensor::ones([self.d_model], device)),
            epsilon: self.epsilon,
        }
    }
}

/// Root-mean-square normalization (Zhang & Sennrich 2019).
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// γ, `[d_model]`
    pub weight: Param<Tensor<1>>,
    /// ε, added to the mean square.
    #[module(skip)]
    pub epsilon: f32,
}

impl RmsNorm {
    /// The normalized rows.
    ///
    /// # Shapes
    /// - `x` and output: `[rows, d_model]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.weights().apply(x)
    }

    /// The parameter as a tensor, with ε.
    pub fn weights(&self) -> NormWeights {
        NormWeights { gamma: self.weight.val(), beta: None, epsilon: self.epsilon }
    }
}
