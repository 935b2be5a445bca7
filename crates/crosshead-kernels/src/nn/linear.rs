//! The linear map as a module, and how its weight is initialized.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Shape, Tensor, TensorData};

use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;
use crate::ops::linear::linear;
use crate::random::RandomKey;

/// Configuration of a [`Linear`] map.
#[derive(Clone, Debug)]
pub struct LinearConfig {
    d_in: usize,
    d_out: usize,
    bias: bool,
    seed: u64,
}

impl LinearConfig {
    /// A map from `d_in` to `d_out` features, with a bias.
    pub fn new(d_in: usize, d_out: usize) -> Self {
        Self { d_in, d_out, bias: true, seed: 0 }
    }

    /// Whether there is a bias. Default: true.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// The seed of the weight, so that maps of the same shape differ. Default: 0.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A map with a Glorot-uniform weight (Glorot & Bengio 2010), drawn when first used, and a zero bias.
    pub fn init(&self, device: &Device) -> Linear {
        let Self { d_in, d_out, seed, .. } = *self;
        let weight = Param::uninitialized(
            ParamId::new(),
            move |device: &Device, require_grad| {
                let values = glorot_uniform(RandomKey::new(seed), d_in, d_out);
                Tensor::from_data(TensorData::new(values, [d_out, d_in]), device)
                    .set_require_grad(require_grad)
            },
            device.clone(),
            true,
            Shape::new([d_out, d_in]),
        );
        let bias = self.bias.then(|| Param::from_tensor(Tensor::zeros([d_out], device)));
        Linear { weight, bias }
    }
}

/// A weight uniform in ±√(6 / (d_in + d_out)), row-major [d_out, d_in].
pub fn glorot_uniform(key: RandomKey, d_in: usize, d_out: usize) -> Vec<f32> {
    let bound = (6.0 / (d_in + d_out) as f32).sqrt();
    key.take(d_in * d_out).map(|word| (word as f32 / 2_147_483_648.0 - 1.0) * bound).collect()
}

/// The linear map y = activation(x·Wᵀ + b) with its parameters.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_out, d_in]`
    pub weight: Param<Tensor<2>>,
    /// `[d_out]`
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// y = x·Wᵀ + b, over rows.
    ///
    /// # Shapes
    /// - `x`: `[rows, d_in]`
    /// - output: `[rows, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.forward_with(x, Activation::Identity)
    }

    /// y = activation(x·Wᵀ + b), over rows.
    ///
    /// # Shapes
    /// - `x`: `[rows, d_in]`
    /// - output: `[rows, d_out]`
    pub fn forward_with(&self, x: Tensor<2>, activation: Activation) -> Tensor<2> {
        let LinearWeights { weight, bias } = self.weights();
        linear(x, weight, bias, activation)
    }

    /// Its weight and bias as tensors.
    pub fn weights(&self) -> LinearWeights {
        LinearWeights { weight: self.weight.val(), bias: self.bias.as_ref().map(Param::val) }
    }
}
