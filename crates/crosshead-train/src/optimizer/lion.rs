//! Lion.

use burn::tensor::Tensor;
use crosshead_kernels::scaled_sum;
use serde::{Deserialize, Serialize};

use super::rule::{Parameter, Pending, Rule, Slot, exactly};

/// Configuration of Lion (Chen et al. 2023), whose updates are signs: learning rates are 3 to 10 times lower than Adam's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LionConfig {
    beta1: f64,
    beta2: f64,
    weight_decay: f64,
}

impl Default for LionConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl LionConfig {
    /// The constants of the paper, without weight decay.
    pub fn new() -> Self {
        Self { beta1: 0.9, beta2: 0.99, weight_decay: 0.0 }
    }

    /// Sets the share of the momentum in an update. Default: 0.9.
    pub fn with_beta1(self, beta1: f64) -> Self {
        Self { beta1, ..self }
    }

    /// Sets the decay rate of the momentum. Default: 0.99.
    pub fn with_beta2(self, beta2: f64) -> Self {
        Self { beta2, ..self }
    }

    /// Sets the decoupled weight decay. Default: 0.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// The share of the momentum in an update.
    pub fn beta1(&self) -> f64 {
        self.beta1
    }

    /// Decay rate of the momentum.
    pub fn beta2(&self) -> f64 {
        self.beta2
    }

    /// Decoupled weight decay.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay
    }
}

impl Rule for LionConfig {
    fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    fn slots(&self, parameter: &Parameter<'_>) -> Vec<Slot> {
        vec![Slot { name: "momentum", len: parameter.len() }]
    }

    fn update(&self, value: Tensor<1>, pending: Pending<'_>) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Pending { gradient, state, step } = pending;
        let [momentum] = exactly(state);
        let new = |beta: f64| (1.0 - beta) * step.gradient_scale;
        let mixed = scaled_sum(gradient.clone(), new(self.beta1), momentum.clone(), self.beta1);
        let decay = 1.0 - step.learning_rate * step.weight_decay;
        let value = scaled_sum(value, decay, mixed.sign(), -step.learning_rate);
        (value, vec![scaled_sum(momentum, self.beta2, gradient, new(self.beta2))])
    }
}
