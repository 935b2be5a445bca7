//! Layer normalization and root-mean-square normalization.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// What a normalization multiplies by and adds: of a layer norm, or of a root-mean-square norm, which has no β.
#[derive(Clone, Debug)]
pub struct NormWeights {
    /// γ, `[d_model]`
    pub gamma: Tensor<1>,
    /// β, `[d_model]`
    pub beta: Option<Tensor<1>>,
    /// ε, added to the variance or to the mean square.
    pub epsilon: f32,
}

impl NormWeights {
    /// The normalized rows: [`layer_norm`] or [`rms_norm`].
    ///
    /// # Shapes
    /// - `x` and output: `[rows, d_model]`
    ///
    /// # Panics
    /// If the shapes do not fit each other.
    pub fn apply(self, x: Tensor<2>) -> Tensor<2> {
        self.check(&x);
        #[cfg(feature = "flex")]
        if crate::flex::is_flex(&x) {
            return crate::flex::norm::norm(x, self);
        }
        self.plain(x)
    }

    pub(crate) fn plain(self, x: Tensor<2>) -> Tensor<2> {
        match self.beta {
            Some(beta) => plain(x, self.gamma, beta, self.epsilon),
            None => plain_rms(x, self.gamma, self.epsilon),
        }
    }

    pub(crate) fn check(&self, x: &Tensor<2>) {
        let ([_, d_model], [gamma_len]) = (x.dims(), self.gamma.dims());
        let beta_len = self.beta.as_ref().map_or(d_model, |beta| beta.dims()[0]);
        assert!(
            [gamma_len, beta_len] == [d_model; 2],
            "x {:?}, gamma [{gamma_len}] and beta [{beta_len}] do not fit: [rows, d_model], [d_model]",
            x.dims()
        );
    }
}

/// y = (x − mean) / √(variance + ε) · γ + β, over each row (Ba, Kiros & Hinton 2016; biased variance).
///
/// # Shapes
/// - `x`: `[rows, d_model]`, `gamma` and `beta`: `[d_model]`
/// - output: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not fit each other.
pub fn layer_norm(x: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f32) -> Tensor<2> {
    NormWeights { gamma, beta: Some(beta), epsilon }.apply(x)
}

pub(crate) fn plain(x: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f32) -> Tensor<2> {
    let centered = x.clone() - x.mean_dim(1);
    let variance = centered.clone().square().mean_dim(1); // [rows, 1]
    centered / (variance + epsilon).sqrt() * gamma.unsqueeze() + beta.unsqueeze()
}

/// y = x / √(mean(x²) + ε) · γ, over each row (Zhang & Sennrich 2019).
///
/// # Shapes
/// - `x`: `[rows, d_model]`, `gamma`: `[d_model]`
/// - output: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not fit each other.
pub fn rms_norm(x: Tensor<2>, gamma: Tensor<1>, epsilon: f32) -> Tensor<2> {
    NormWeights { gamma, beta: None, epsilon }.apply(x)
}

pub(crate) fn plain_rms(x: Tensor<2>, gamma: Tensor<1>, epsilon: f32) -> Tensor<2> {
    let mean_square = x.clone().square().mean_dim(1); // [rows, 1]
    x / (mean_square + epsilon).sqrt() * gamma.unsqueeze()
}

/// Configuration of a [`LayerNorm`].
#[derive(Clone, Debug)]
pub struct LayerNormConfig {
    d_model: usize,
    epsilon: f32,
}

impl LayerNormConfig {
    /// A normalization of `d_model` features with ε = 1e-5.
    pub fn new(d_model: usize) -> Self {
        Self { d_model, epsilon: 1e-5 }
    }

    /// The number added to the variance.
    pub fn with_epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// A normalization with γ = 1 and β = 0.
    pub fn init(&self, device: &Device) -> LayerNorm {
        LayerNorm {
            weight: Param::from_tensor(Tensor::ones([self.d_model], device)),
            bias: Param::from_tensor(Tensor::zeros([self.d_model], device)),
            epsilon: self.epsilon,
        }
    }
}

/// Layer normalization with its parameters.
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
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.weights().apply(x)
    }

    /// What it multiplies by and adds.
    pub fn weights(&self) -> NormWeights {
        let beta = Some(self.bias.val());
        NormWeights { gamma: self.weight.val(), beta, epsilon: self.epsilon }
    }
}

/// Configuration of an [`RmsNorm`].
#[derive(Clone, Debug)]
pub struct RmsNormConfig {
    d_model: usize,
    epsilon: f32,
}

impl RmsNormConfig {
    /// A normalization of `d_model` features with ε = 1e-5.
    pub fn new(d_model: usize) -> Self {
        Self { d_model, epsilon: 1e-5 }
    }

    /// The number added to the mean square.
    pub fn with_epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// A normalization with γ = 1.
    pub fn init(&self, device: &Device) -> RmsNorm {
        RmsNorm {
            weight: Param::from_tensor(Tensor::ones([self.d_model], device)),
            epsilon: self.epsilon,
        }
    }
}

/// Root-mean-square normalization with its parameter.
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
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.weights().apply(x)
    }

    /// What it multiplies by.
    pub fn weights(&self) -> NormWeights {
        NormWeights { gamma: self.weight.val(), beta: None, epsilon: self.epsilon }
    }
}
