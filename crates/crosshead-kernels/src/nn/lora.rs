//! Low-rank adaptation of a linear layer (LoRA).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::args::activation::Activation;
use crate::ops::dropout::{add_dropout, dropout};
use crate::ops::linear::linear;
use crate::random::{Mode, RandomKey};

/// Configuration of a [`Lora`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoraConfig {
    rank: usize,
    alpha: f64,
    dropout: f32,
    scaling: LoraScaling,
}

/// The factor of the update B·A.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoraScaling {
    /// alpha / rank (Hu et al. 2021, section 4.1).
    #[default]
    Rank,
    /// alpha / √rank, as in rsLoRA (Kalajdzievski 2023).
    RootRank,
}

impl LoraConfig {
    /// An update of this rank, with alpha = `rank` and without dropout.
    pub fn new(rank: usize) -> Self {
        Self { rank, alpha: rank as f64, dropout: 0.0, scaling: LoraScaling::Rank }
    }

    /// Sets alpha. Default: the rank.
    pub fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Sets the dropout probability of the input of A. Default: 0.
    pub fn with_dropout(self, dropout: f32) -> Self {
        Self { dropout, ..self }
    }

    /// Sets how alpha and the rank give the factor of the update. Default: alpha / rank.
    pub fn with_scaling(self, scaling: LoraScaling) -> Self {
        Self { scaling, ..self }
    }

    /// The rank of the update.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Alpha.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The dropout probability of the input of A.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// How alpha and the rank give the factor of the update.
    pub fn scaling(&self) -> LoraScaling {
        self.scaling
    }

    /// The factor of the update.
    pub fn scale(&self) -> f64 {
        match self.scaling {
            LoraScaling::Rank => self.alpha / self.rank as f64,
            LoraScaling::RootRank => self.alpha / (self.rank as f64).sqrt(),
        }
    }

    /// An update of a layer from `d_in` to `d_out` features. A is drawn uniformly from ±1/√d_in (the Kaiming-uniform
    /// initialization of PyTorch's linear layers), B is zero: the layer starts out unchanged.
    pub fn init(&self, d_in: usize, d_out: usize, key: RandomKey, device: &Device) -> Lora {
        let bound = (d_in as f32).powf(-0.5);
        let values: Vec<f32> = key
            .take(self.rank * d_in)
            .map(|word| (word as f32 / 2_147_483_648.0 - 1.0) * bound)
            .collect();
        let a = Tensor::from_data(TensorData::new(values, [self.rank, d_in]), device);
        self.with_weights(a, Tensor::zeros([d_out, self.rank], device))
    }

    /// An update with the given A and B.
    ///
    /// # Shapes
    /// - `a`: `[rank, d_in]`, `b`: `[d_out, rank]`
    ///
    /// # Panics
    /// If the shapes do not have the rank.
    pub fn with_weights(&self, a: Tensor<2>, b: Tensor<2>) -> Lora {
        let ([rank, _], [_, columns]) = (a.dims(), b.dims());
        assert!(
            rank == self.rank && columns == self.rank,
            "A {:?} and B {:?} must have the rank {}: [rank, d_in] and [d_out, rank]",
            a.dims(),
            b.dims(),
            self.rank
        );
        Lora { a: Param::from_tensor(a), b: Param::from_tensor(b), config: *self }
    }
}

/// The low-rank update of a linear layer: y ← y + scale · dropout(x)·Aᵀ·Bᵀ (Hu et al. 2021).
#[derive(Module, Debug)]
pub struct Lora {
    /// A, `[rank, d_in]`.
    pub a: Param<Tensor<2>>,
    /// B, `[d_out, rank]`.
    pub b: Param<Tensor<2>>,
    #[module(skip)]
    config: LoraConfig,
}

impl Lora {
    /// The configuration.
    pub fn config(&self) -> LoraConfig {
        self.config
    }

    /// The update of the weight, scale · B·A, `[d_out, d_in]`.
    pub fn update(&self) -> Tensor<2> {
        self.b.val().matmul(self.a.val()) * self.config.scale() as f32
    }

    /// Adds the update to the layer's output `y`. Dropout takes its mask from the stream `lora` of `mode`.
    ///
    /// # Shapes
    /// - `y` and output: `[rows, d_out]`, `x`: `[rows, d_in]`
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn add_to(&self, y: Tensor<2>, x: Tensor<2>, mode: Mode) -> Tensor<2> {
        let x = dropout(x, self.config.dropout, mode.stream("lora"));
        let low = linear(x, self.a.val(), None, Activation::Identity); // [rows, rank]
        let low = low * self.config.scale() as f32;
        let update = linear(low, self.b.val(), None, Activation::Identity);
        add_dropout(y, update, 0.0, Mode::Eval)
    }
}
