//! Adam and AdamW.

use burn::tensor::Tensor;
use crosshead_kernels::{AdamStep, adam_step};
use serde::{Deserialize, Serialize};

use super::rule::{Parameter, Pending, Rule, Slot, exactly};

/// Configuration of Adam (Kingma & Ba 2015), or of AdamW with weight decay (Loshchilov & Hutter 2019).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamConfig {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl AdamConfig {
    /// The constants of Vaswani et al. 2017 (section 5.3).
    pub fn new() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-9, weight_decay: 0.0 }
    }

    /// Sets the decay rate of the first moment estimate. Default: 0.9.
    pub fn with_beta1(self, beta1: f64) -> Self {
        Self { beta1, ..self }
    }

    /// Sets the decay rate of the second moment estimate. Default: 0.98.
    pub fn with_beta2(self, beta2: f64) -> Self {
        Self { beta2, ..self }
    }

    /// Sets the number added to the square root of the second moment estimate. Default: 1e-9.
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }

    /// Sets the decoupled weight decay (AdamW, Loshchilov & Hutter 2019). Default: 0, which is plain Adam.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// Decay rate of the first moment estimate.
    pub fn beta1(&self) -> f64 {
        self.beta1
    }

    /// Decay rate of the second moment estimate.
    pub fn beta2(&self) -> f64 {
        self.beta2
    }

    /// The number added to the square root of the second moment estimate.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Decoupled weight decay.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay
    }
}

impl Rule for AdamConfig {
    fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    fn slots(&self, parameter: &Parameter<'_>) -> Vec<Slot> {
        ["first", "second"].map(|name| Slot { name, len: parameter.len() }).into()
    }

    fn update(&self, value: Tensor<1>, pending: Pending<'_>) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Pending { gradient, state, step } = pending;
        let [first, second] = exactly(state);
        let step = AdamStep {
            learning_rate: step.learning_rate,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            weight_decay: step.weight_decay,
            step: step.number,
            gradient_scale: step.gradient_scale,
        };
        let (value, first, second) = adam_step(value, gradient, first, second, step);
        (value, vec![first, second])
    }
}
