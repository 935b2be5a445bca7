//! Stochastic gradient descent.

use burn::tensor::Tensor;
use crosshead_kernels::scaled_sum;
use serde::{Deserialize, Serialize};

use super::rule::{Parameter, Pending, Rule, Slot, exactly};

/// Configuration of stochastic gradient descent with momentum (Sutskever et al. 2013), with the formulas of PyTorch's `SGD`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdConfig {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl SgdConfig {
    /// Momentum 0.9, without weight decay.
    pub fn new() -> Self {
        Self { momentum: 0.9, nesterov: false, weight_decay: 0.0 }
    }

    /// Sets the momentum; 0 is plain gradient descent. Default: 0.9.
    pub fn with_momentum(self, momentum: f64) -> Self {
        Self { momentum, ..self }
    }

    /// Whether the gradient is evaluated after the momentum step (Nesterov). Default: false.
    pub fn with_nesterov(self, nesterov: bool) -> Self {
        Self { nesterov, ..self }
    }

    /// Sets the L2 penalty, which is added to the gradient. Default: 0.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// The momentum.
    pub fn momentum(&self) -> f64 {
        self.momentum
    }

    /// Whether the momentum is Nesterov's.
    pub fn nesterov(&self) -> bool {
        self.nesterov
    }

    /// The L2 penalty.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay
    }
}

impl Rule for SgdConfig {
    fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    fn slots(&self, parameter: &Parameter<'_>) -> Vec<Slot> {
        vec![Slot { name: "momentum", len: parameter.len() }]
    }

    fn update(&self, value: Tensor<1>, pending: Pending<'_>) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Pending { gradient, state, step } = pending;
        let [momentum] = exactly(state);
        let gradient = scaled_sum(gradient, step.gradient_scale, value.clone(), step.weight_decay);
        let momentum = scaled_sum(momentum, self.momentum, gradient.clone(), 1.0);
        let direction = match self.nesterov {
            true => scaled_sum(gradient, 1.0, momentum.clone(), self.momentum),
            false => momentum.clone(),
        };
        (scaled_sum(value, 1.0, direction, -step.learning_rate), vec![momentum])
    }
}
