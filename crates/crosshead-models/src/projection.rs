//! A dense layer after pooling.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use crosshead_kernels::{Activation, Linear, LinearConfig, Mode};
use serde::{Deserialize, Serialize};

/// A dense layer on the vector of a text: `Dense` of sentence-transformers.
#[derive(Module, Debug)]
pub struct Projection {
    /// The projection before the activation.
    pub linear: Linear,
    /// Projects the residual, if `d_in` and `d_out` differ.
    pub residual: Option<Linear>,
    #[module(skip)]
    config: ProjectionConfig,
}

/// The configuration of a [`Projection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectionConfig {
    /// Input features.
    pub d_in: usize,
    /// Output features.
    pub d_out: usize,
    /// Whether there is a bias.
    pub bias: bool,
    /// The activation.
    pub activation: ProjectionActivation,
    /// Whether the input is added to the output, projected if `d_in` and `d_out` differ.
    pub residual: bool,
}

/// The activation of a [`Projection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionActivation {
    /// f(x) = x.
    Identity,
    /// f(x) = tanh(x).
    Tanh,
    /// f(x) = σ(x) = 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// f(x) = max(0, x).
    Relu,
    /// f(x) = x·Φ(x), with the error function.
    Gelu,
    /// f(x) = x·σ(x).
    Silu,
}

impl ProjectionActivation {
    /// Applies the activation to each element.
    fn apply(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Identity => x,
            Self::Tanh => x.tanh(),
            Self::Sigmoid => activation::sigmoid(x),
            Self::Relu => Activation::Relu.apply(x),
            Self::Gelu => Activation::Gelu.apply(x),
            Self::Silu => Activation::Silu.apply(x),
        }
    }
}

impl ProjectionConfig {
    /// A projection with tanh, with a bias and without a residual.
    pub fn new(d_in: usize, d_out: usize) -> Self {
        Self { d_in, d_out, bias: true, activation: ProjectionActivation::Tanh, residual: false }
    }

    setters! {
        /// Sets whether there is a bias (default: true).
        with_bias(bias: bool);
        /// Sets the activation (default: tanh).
        with_activation(activation: ProjectionActivation);
        /// Sets whether the input is added to the output (default: false).
        with_residual(residual: bool);
    }

    /// A projection. Its weights are drawn from a fixed seed on first use, unless they are replaced before that.
    pub fn skeleton(&self, device: &Device) -> Projection {
        let &Self { d_in, d_out, bias, residual, .. } = self;
        let linear = LinearConfig::new(d_in, d_out);
        Projection {
            linear: linear.clone().with_bias(bias).init(device),
            residual: (residual && d_in != d_out)
                .then(|| linear.with_bias(false).with_seed(1).init(device)),
            config: *self,
        }
    }
}

impl Projection {
    /// The configuration.
    pub fn config(&self) -> &ProjectionConfig {
        &self.config
    }

    /// The output of the layer.
    ///
    /// # Shapes
    /// - `x`: `[batch, d_in]`
    /// - output: `[batch, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let y = self.config.activation.apply(self.linear.forward(x.clone(), Mode::Eval));
        match &self.residual {
            Some(residual) => y + residual.forward(x, Mode::Eval),
            None if self.config.residual => y + x,
            None => y,
        }
    }
}
