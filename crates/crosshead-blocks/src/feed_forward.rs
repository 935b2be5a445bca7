//! The position-wise feed-forward sub-layer.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_kernels::{Activation, Linear, LinearConfig, Mode, dropout};

use crate::LayerConfig;

/// FFN(x) = activation(x·W₁ + b₁)·W₂ + b₂, at each position alike (Vaswani et al. 2017, section 3.3).
#[derive(Module, Debug)]
pub struct FeedForward {
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
    pub(crate) fn new(config: &LayerConfig, device: &Device) -> Self {
        Self {
            up: LinearConfig::new(config.d_model, config.d_ff).with_seed(4).init(device),
            down: LinearConfig::new(config.d_ff, config.d_model).with_seed(5).init(device),
            activation: config.activation,
            dropout: config.activation_dropout,
        }
    }

    /// The sub-layer's output, without residual and norm.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, mode: Mode) -> Tensor<3> {
        let [batch, seq, d_model] = x.dims();
        let hidden = self.up.forward_with(x.reshape([batch * seq, d_model]), self.activation); // [batch · seq, d_ff]
        let hidden = dropout(hidden, self.dropout, mode.stream("activation"));
        self.down.forward(hidden).reshape([batch, seq, d_model])
    }
}
