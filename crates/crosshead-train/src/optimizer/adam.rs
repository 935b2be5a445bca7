//! Adam and AdamW over a module, with state keyed by parameter path.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::{AdamStep, adam_step, sum_of_squares};
use crosshead_weights::parameters;
use serde::{Deserialize, Serialize};

use super::StateError;

/// Configuration of [`Adam`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamConfig {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    max_norm: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl AdamConfig {
    /// The constants of Vaswani et al. 2017 (section 5.3), with gradients clipped to a global norm of 1.
    pub fn new() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-9, weight_decay: 0.0, max_norm: 1.0 }
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

    /// Clips gradients to this global norm; 0 disables it. Default: 1.
    pub fn with_max_norm(self, max_norm: f64) -> Self {
        Self { max_norm, ..self }
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

    /// The maximum global norm of the gradients; 0 for no limit.
    pub fn max_norm(&self) -> f64 {
        self.max_norm
    }

    /// An optimizer before its first step.
    pub fn init(self) -> Adam {
        Adam { config: self, step: 0, moments: BTreeMap::new() }
    }

    /// An optimizer that resumes after `step` steps from the state of [`Adam::state`], for parameters with these `shapes` by
    /// path.
    ///
    /// # Errors
    /// If one of a parameter's two moment estimates is missing or does not have the parameter's size.
    pub fn restore(
        self,
        step: u64,
        mut state: BTreeMap<String, TensorData>,
        shapes: &[(String, Vec<usize>)],
        device: &Device,
    ) -> Result<Adam, StateError> {
        for (path, shape) in shapes {
            for name in ["first", "second"].map(|moment| format!("{moment}.{path}")) {
                let found = state.get(&name).map(TensorData::num_elements);
                if found.is_some_and(|found| found != shape.iter().product::<usize>()) {
                    return Err(StateError::OtherSize { name, shape: shape.clone() });
                }
            }
        }
        let device = device.clone().inner();
        let mut moments = BTreeMap::new();
        while let Some((name, data)) = state.pop_first() {
            let partner = name
                .strip_prefix("first.")
                .map(|path| (path.to_owned(), state.remove(&format!("second.{path}"))));
            let Some((path, Some(second))) = partner else {
                return Err(StateError::NoPartner { name });
            };
            let tensor = |data| Tensor::<1>::from_data(data, &device);
            moments.insert(path, (tensor(data), tensor(second)));
        }
        Ok(Adam { config: self, step, moments })
    }
}

/// First and second moment estimates of one parameter, flattened.
type Moments = (Tensor<1>, Tensor<1>);

/// Adam (Kingma & Ba 2015) with global-norm clipping (Pascanu et al. 2013).
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    step: u64,
    moments: BTreeMap<String, Moments>,
}

impl Adam {
    /// Updates the model with the gradients, keyed by parameter path; returns the model and the gradients' global norm before
    /// clipping.
    ///
    /// Parameters without a gradient are unchanged. If the norm is not finite, nothing changes.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        mut gradients: BTreeMap<String, Tensor<1>>,
        learning_rate: f64,
    ) -> (M, f64) {
        let norm = gradients.values().map(sum_of_squares).sum::<f64>().sqrt();
        if !norm.is_finite() {
            return (model, norm);
        }
        self.step += 1;
        let AdamConfig { beta1, beta2, epsilon, weight_decay, max_norm } = self.config;
        let gradient_scale = if max_norm > 0.0 && norm > max_norm { max_norm / norm } else { 1.0 };
        let step = AdamStep {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            step: self.step,
            gradient_scale,
        };
        let model = parameters::update(model, |path, value| {
            let Some(gradient) = gradients.remove(path) else { return value };
            let (first, second) = self
                .moments
                .remove(path)
                .unwrap_or_else(|| (value.zeros_like(), value.zeros_like()));
            let (value, first, second) = adam_step(value, gradient, first, second, step);
            self.moments.insert(path.to_owned(), (first, second));
            value
        });
        (model, norm)
    }

    /// The moment estimates, named `first.` and `second.` followed by the parameter path.
    pub fn state(&self) -> BTreeMap<String, TensorData> {
        let named = |(path, (first, second)): (&String, &Moments)| {
            [
                (format!("first.{path}"), first.to_data()),
                (format!("second.{path}"), second.to_data()),
            ]
        };
        self.moments.iter().flat_map(named).collect()
    }

    /// Number of steps taken.
    pub fn steps(&self) -> u64 {
        self.step
    }
}
