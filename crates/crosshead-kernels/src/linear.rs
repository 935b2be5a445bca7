//! The affine map y = activation(x·Wᵀ + b).

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Shape, Tensor, TensorData};

use crate::{Activation, RandomKey};

/// y = activation(x·Wᵀ + b), over rows.
///
/// The weight is stored as Hugging Face stores it, [d_out, d_in], and read transposed without a copy.
///
/// # Shapes
/// - `x`: `[rows, d_in]`, `weight`: `[d_out, d_in]`, `bias`: `[d_out]`
/// - output: `[rows, d_out]`
///
/// # Panics
/// If the shapes do not fit each other.
pub fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let weights = LinearWeights { weight, bias };
    weights.check(&x);
    let LinearWeights { weight, bias } = weights;
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::linear::linear(x, weight, bias, activation);
    }
    plain(x, weight, bias, activation)
}

/// [`linear`] of the same rows by three maps, such as those of queries, keys and values, without an activation.
///
/// The results are those of three calls. For few rows, as in decoding, this is faster: the threads are called together once.
///
/// # Shapes
/// - `x`: `[rows, d_in]`
/// - output: `[rows, d_out]` each
///
/// # Panics
/// If the shapes do not fit each other.
pub fn linear_three(x: Tensor<2>, weights: [LinearWeights; 3]) -> [Tensor<2>; 3] {
    weights.iter().for_each(|weights| weights.check(&x));
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::linear::linear_three(x, weights);
    }
    weights
        .map(|LinearWeights { weight, bias }| plain(x.clone(), weight, bias, Activation::Identity))
}

/// What an affine map multiplies by and adds.
#[derive(Clone, Debug)]
pub struct LinearWeights {
    /// `[d_out, d_in]`
    pub weight: Tensor<2>,
    /// `[d_out]`
    pub bias: Option<Tensor<1>>,
}

impl LinearWeights {
    pub(crate) fn check(&self, x: &Tensor<2>) {
        let ([_, d_in], [d_out, weight_in]) = (x.dims(), self.weight.dims());
        assert!(
            d_in == weight_in,
            "x {:?} and weight {:?} do not fit: [rows, d_in] and [d_out, d_in]",
            x.dims(),
            self.weight.dims()
        );
        if let Some(bias) = &self.bias {
            let [len] = bias.dims();
            assert!(
                len == d_out,
                "bias [{len}] does not fit weight {:?}: [d_out]",
                self.weight.dims()
            );
        }
    }
}

pub(crate) fn plain(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let y = x.matmul(weight.transpose()); // [rows, d_out]
    activation.apply(match bias {
        Some(bias) => y + bias.unsqueeze(),
        None => y,
    })
}

/// Configuration of a [`Linear`] map.
#[derive(Clone, Debug)]
pub struct LinearConfig {
    d_in: usize,
    d_out: usize,
    bias: bool,
    key: RandomKey,
}

impl LinearConfig {
    /// A map from `d_in` to `d_out` features, with a bias; its weight has the seed 0.
    pub fn new(d_in: usize, d_out: usize) -> Self {
        Self { d_in, d_out, bias: true, key: RandomKey::new(0) }
    }

    /// With or without a bias.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// The seed of the weight: maps of one shape and one seed are equal.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// The stream of random numbers that the weight is drawn from: a seed and the map's place in a larger module.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// A map with a Glorot-uniform weight (Glorot & Bengio 2010), drawn when first used, and a zero bias.
    pub fn init(&self, device: &Device) -> Linear {
        let Self { d_in, d_out, key, .. } = *self;
        let weight = Param::uninitialized(
            ParamId::new(),
            move |device: &Device, require_grad| {
                let values = glorot_uniform(key, d_in, d_out);
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

/// The affine map y = activation(x·Wᵀ + b) with its parameters.
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

    /// What it multiplies by and adds.
    pub fn weights(&self) -> LinearWeights {
        LinearWeights { weight: self.weight.val(), bias: self.bias.as_ref().map(Param::val) }
    }
}
