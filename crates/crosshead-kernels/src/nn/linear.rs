//! The linear layer as a module, and the initialization of its weight.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Shape, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::lora::Lora;
use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;
use crate::ops::gated::gated_linear;
use crate::ops::int8::is_int8;
use crate::ops::linear::{linear, linear_three};
use crate::random::{Mode, RandomKey};
use crate::runtime::use_large_pages;

/// Configuration of a [`Linear`] layer.
///
/// The random key is serialized too, so that a stored configuration initializes the same weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearConfig {
    d_in: usize,
    d_out: usize,
    bias: bool,
    key: RandomKey,
}

impl LinearConfig {
    /// A layer from `d_in` to `d_out` features, with a bias and seed 0.
    pub fn new(d_in: usize, d_out: usize) -> Self {
        Self { d_in, d_out, bias: true, key: RandomKey::new(0) }
    }

    /// Whether to add a bias. Default: true.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// The seed of the weight. Layers with the same shape and seed have the same initial weight. Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// The random stream that the weight is drawn from: a seed and the layer's path in a larger module. Default: the
    /// stream of seed 0.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// The number of input features.
    pub fn d_in(&self) -> usize {
        self.d_in
    }

    /// The number of output features.
    pub fn d_out(&self) -> usize {
        self.d_out
    }

    /// Whether the layer has a bias.
    pub fn bias(&self) -> bool {
        self.bias
    }

    /// The random stream that the weight is drawn from.
    pub fn key(&self) -> RandomKey {
        self.key
    }

    /// The layer, with a Glorot-uniform weight (Glorot & Bengio 2010), drawn on first use, and a zero bias.
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
        Linear { weight, bias, lora: None }
    }
}

/// A weight drawn uniformly from ±√(6 / (d_in + d_out)), row-major `[d_out, d_in]`.
pub fn glorot_uniform(key: RandomKey, d_in: usize, d_out: usize) -> Vec<f32> {
    let bound = (6.0 / (d_in + d_out) as f32).sqrt();
    key.take(d_in * d_out).map(|word| (word as f32 / 2_147_483_648.0 - 1.0) * bound).collect()
}

/// A linear layer: y = activation(x·Wᵀ + b). With a low-rank update, W is W + scale · B·A.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_out, d_in]`
    pub weight: Param<Tensor<2>>,
    /// `[d_out]`
    pub bias: Option<Param<Tensor<1>>>,
    /// The low-rank update of the weight, if the layer has one.
    pub lora: Option<Lora>,
}

impl Linear {
    /// y = x·Wᵀ + b for each row. `mode` is for the dropout of a low-rank update.
    ///
    /// # Shapes
    /// - `x`: `[rows, d_in]`
    /// - output: `[rows, d_out]`
    ///
    /// # Panics
    /// If `x` does not have `d_in` features.
    pub fn forward(&self, x: Tensor<2>, mode: Mode) -> Tensor<2> {
        self.forward_with(x, Activation::Identity, mode)
    }

    /// y = activation(x·Wᵀ + b) for each row.
    ///
    /// # Shapes
    /// - `x`: `[rows, d_in]`
    /// - output: `[rows, d_out]`
    ///
    /// # Panics
    /// If `x` does not have `d_in` features.
    pub fn forward_with(&self, x: Tensor<2>, activation: Activation, mode: Mode) -> Tensor<2> {
        let LinearWeights { weight, bias } = self.weights();
        let Some(lora) = &self.lora else { return linear(x, weight, bias, activation) };
        let y = linear(x.clone(), weight, bias, Activation::Identity);
        activation.apply(lora.add_to(y, x, mode))
    }

    /// The outputs of three layers for the same rows, such as the projections to queries, keys and values: the results of
    /// [`forward`](Self::forward), faster for few rows.
    ///
    /// # Shapes
    /// - `x`: `[rows, d_in]`
    /// - output: `[rows, d_out]` each
    ///
    /// # Panics
    /// If `x` does not have `d_in` features.
    pub fn forward_three(layers: [&Self; 3], x: Tensor<2>, mode: Mode) -> [Tensor<2>; 3] {
        let outputs = linear_three(x.clone(), layers.map(Self::weights));
        let mut layers = layers.into_iter().enumerate();
        outputs.map(|y| match layers.next() {
            Some((index, Self { lora: Some(lora), .. })) => {
                lora.add_to(y, x.clone(), mode.index(index))
            }
            Some(_) | None => y,
        })
    }

    /// activation(gate(x)) ⊙ up(x) for each row (Shazeer 2020).
    ///
    /// # Shapes
    /// - `x`: `[rows, d_in]`
    /// - output: `[rows, d_out]`
    ///
    /// # Panics
    /// If `x` does not have `d_in` features, or the shapes of the layers differ.
    pub fn forward_gated(
        gate: &Self,
        up: &Self,
        x: Tensor<2>,
        activation: Activation,
        mode: Mode,
    ) -> Tensor<2> {
        if gate.lora.is_none() && up.lora.is_none() {
            return gated_linear(x, gate.weights(), up.weights(), activation);
        }
        let gate = gate.forward_with(x.clone(), activation, mode.stream("gate"));
        gate * up.forward(x, mode.stream("up"))
    }

    /// The weight and bias as tensors, without a low-rank update.
    pub fn weights(&self) -> LinearWeights {
        LinearWeights { weight: self.weight.val(), bias: self.bias.as_ref().map(Param::val) }
    }

    /// Adds the low-rank update to the weight and removes it. An int8 weight keeps its update.
    pub fn merge_lora(&mut self) {
        if is_int8(&self.weight.val()) {
            return;
        }
        let Some(lora) = self.lora.take() else { return };
        let merged = (self.weight.val() + lora.update()).detach();
        use_large_pages(&merged);
        let weight = self.weight.clone();
        let id = weight.id;
        self.weight = weight.transform_for_load(merged, id);
    }
}
