//! The position-wise feed-forward sub-layer.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_kernels::{Activation, Linear, LinearConfig, Mode, RandomKey, dropout, gated_linear};
use serde::{Deserialize, Serialize};

/// Configuration of a [`FeedForward`] sub-layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedForwardConfig {
    d_model: usize,
    d_ff: usize,
    activation: Activation,
    gated: bool,
    bias: bool,
    dropout: f32,
    key: RandomKey,
}

impl FeedForwardConfig {
    /// The paper's: ReLU, biases, no gate; the seed is 0.
    pub fn new(d_model: usize, d_ff: usize) -> Self {
        Self {
            d_model,
            d_ff,
            activation: Activation::Relu,
            gated: false,
            bias: true,
            dropout: 0.0,
            key: RandomKey::new(0),
        }
    }

    /// The activation between the two projections. Default: ReLU.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// With or without a gate: a gated unit is SwiGLU with SiLU, GeGLU with GELU, ReGLU with ReLU (Shazeer 2020).
    /// Default: without.
    pub fn with_gated(mut self, gated: bool) -> Self {
        self.gated = gated;
        self
    }

    /// With or without biases. Default: with.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// The probability of dropping an element between the two projections. Default: 0.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// The seed of the weights: each projection draws its own from it, and sub-layers of one shape and one seed are equal.
    /// Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// The stream of random numbers that the projections derive theirs from by name: a seed and the sub-layer's place in a
    /// larger module. Default: that of seed 0.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// Features of a position.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// Features between the two projections.
    pub fn d_ff(&self) -> usize {
        self.d_ff
    }

    /// The activation between the two projections.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Whether there is a gate.
    pub fn gated(&self) -> bool {
        self.gated
    }

    /// Whether there are biases.
    pub fn bias(&self) -> bool {
        self.bias
    }

    /// The probability of dropping an element between the two projections.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// The sub-layer, with Glorot-uniform weights and zero biases.
    pub fn init(&self, device: &Device) -> FeedForward {
        let projection = |d_in, d_out, name| {
            let key = self.key.stream(name);
            LinearConfig::new(d_in, d_out).with_bias(self.bias).with_key(key).init(device)
        };
        FeedForward {
            gate: self.gated.then(|| projection(self.d_model, self.d_ff, "gate")),
            up: projection(self.d_model, self.d_ff, "up"),
            down: projection(self.d_ff, self.d_model, "down"),
            activation: self.activation,
            dropout: self.dropout,
        }
    }
}

/// FFN(x) = activation(x·W₁ + b₁)·W₂ + b₂, at each position alike (Vaswani et al. 2017, section 3.3), or
/// (activation(x·W_g + b_g) ⊙ (x·W₁ + b₁))·W₂ + b₂ with a gate (Shazeer 2020).
#[derive(Module, Debug)]
pub struct FeedForward {
    /// W_g and b_g, from d_model to d_ff, of a gated unit.
    pub gate: Option<Linear>,
    /// W₁ and b₁, from d_model to d_ff.
    pub up: Linear,
    /// W₂ and b₂, from d_ff to d_model.
    pub down: Linear,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    dropout: f32,
}

impl FeedForward {
    /// The sub-layer's output, without residual and norm.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, seq, d_model]`
    ///
    /// # Panics
    /// If `x` has other than `d_model` features.
    pub fn forward(&self, x: Tensor<3>, mode: Mode) -> Tensor<3> {
        let [batch, seq, d_model] = x.dims();
        let [_, expected] = self.up.weight.lazy_shape().dims();
        assert!(
            d_model == expected,
            "x {:?} of the feed-forward sub-layer must have d_model ({expected}) features",
            x.dims()
        );
        let x = x.reshape([batch * seq, d_model]);
        let hidden = match &self.gate {
            Some(gate) => gated_linear(x, gate.weights(), self.up.weights(), self.activation),
            None => self.up.forward_with(x, self.activation),
        }; // [batch · seq, d_ff]
        let hidden = dropout(hidden, self.dropout, mode.stream("activation"));
        self.down.forward(hidden).reshape([batch, seq, d_model])
    }
}
