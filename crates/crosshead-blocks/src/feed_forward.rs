//! The position-wise feed-forward sub-layer.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_kernels::{Activation, Linear, LinearConfig, Mode, RandomKey, dropout, linears};
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
    /// The sub-layer of Vaswani et al. 2017: ReLU, biases, no gate.
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

    /// Sets the activation between the two projections. Default: ReLU.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Enables the gate: SwiGLU with SiLU, GeGLU with GELU, ReGLU with ReLU (Shazeer 2020). Default: false.
    pub fn with_gated(mut self, gated: bool) -> Self {
        self.gated = gated;
        self
    }

    /// Enables biases. Default: true.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// Sets the dropout probability between the two projections. Default: 0.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// Sets the seed of the initial weights. Each projection derives its own key from it; sub-layers with the same
    /// shape and seed have the same initial weights. Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// Sets the random key from which the keys of the projections are derived by name. Default: that of seed 0.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// Number of input and output features.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// Number of hidden features.
    pub fn d_ff(&self) -> usize {
        self.d_ff
    }

    /// The activation between the two projections.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Whether the sub-layer is gated.
    pub fn gated(&self) -> bool {
        self.gated
    }

    /// Whether there are biases.
    pub fn bias(&self) -> bool {
        self.bias
    }

    /// The dropout probability between the two projections.
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

/// FFN(x) = activation(x·W₁ + b₁)·W₂ + b₂, for each position independently (Vaswani et al. 2017, section 3.3), or
/// (activation(x·W_g + b_g) ⊙ (x·W₁ + b₁))·W₂ + b₂ with a gate (Shazeer 2020).
#[derive(Module, Debug)]
pub struct FeedForward {
    /// W_g and b_g, from d_model to d_ff; only if gated.
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

linears!(FeedForward { gate, up, down });

impl FeedForward {
    /// The sub-layer's output, without residual and norm.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, seq, d_model]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features.
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
            Some(gate) => Linear::forward_gated(gate, &self.up, x, self.activation, mode),
            None => self.up.forward_with(x, self.activation, mode.stream("up")),
        }; // [batch · seq, d_ff]
        let hidden = dropout(hidden, self.dropout, mode.stream("activation"));
        self.down.forward(hidden, mode.stream("down")).reshape([batch, seq, d_model])
    }
}
