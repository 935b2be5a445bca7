//! A layer after pooling.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use crosshead_kernels::{Activation, Linear, LinearConfig};

/// A layer that maps a text's vector to another: `Dense` of sentence-transformers.
#[derive(Module, Debug)]
pub struct Projection {
    /// The projection that `activation` follows.
    pub linear: Linear,
    /// The projection of the vector that is added, where the vector itself has another number of features.
    pub residual: Option<Linear>,
    #[module(skip)]
    config: ProjectionConfig,
}

/// What a [`Projection`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectionConfig {
    /// Features of the vectors that come in.
    pub d_in: usize,
    /// Features of the vectors that go out.
    pub d_out: usize,
    /// Whether there is a bias.
    pub bias: bool,
    /// What follows the matrix.
    pub activation: ProjectionActivation,
    /// Whether the incoming vector is added, by way of a projection of its own where it has another number of features.
    pub residual: bool,
}

/// The function after a projection's matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The function of each element.
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
    /// A projection whose weights wait to be filled.
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
    /// What it does.
    pub fn config(&self) -> &ProjectionConfig {
        &self.config
    }

    /// The vectors that go out.
    ///
    /// # Shapes
    /// - `x`: `[batch, d_in]`
    /// - output: `[batch, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let y = self.config.activation.apply(self.linear.forward(x.clone()));
        match &self.residual {
            Some(residual) => y + residual.forward(x),
            None if self.config.residual => y + x,
            None => y,
        }
    }
}
