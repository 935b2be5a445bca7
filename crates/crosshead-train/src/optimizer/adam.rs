//! Adam over a module, with its moments keyed by parameter path.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::{AdamStep, adam_step, sum_of_squares};
use crosshead_weights::parameters;

use super::StateError;

/// The constants of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay (AdamW, Loshchilov & Hutter 2019); 0 is plain Adam.
    pub weight_decay: f64,
    /// The largest global norm of the gradient; a longer one is scaled down to it. 0 is no limit.
    pub max_norm: f64,
}

impl Default for AdamConfig {
    /// The paper's constants (Vaswani et al. 2017, section 5.3), with the norm clipped at 1.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-9, weight_decay: 0.0, max_norm: 1.0 }
    }
}

/// First and second moment of one parameter, flattened.
type Moments = (Tensor<1>, Tensor<1>);

/// Adam (Kingma & Ba 2015) with global-norm clipping (Pascanu et al. 2013).
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    step: u64,
    moments: BTreeMap<String, Moments>,
}

impl Adam {
    /// An optimizer that has seen nothing.
    pub fn new(config: AdamConfig) -> Self {
        Self { config, step: 0, moments: BTreeMap::new() }
    }

    /// One step along the gradients, which are keyed by parameter path; returns the model and the gradients' global
    /// norm before clipping.
    ///
    /// A parameter without a gradient stays as it is, and so does everything if the norm is not finite.
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

    /// The moments by parameter path, after `first.` and `second.`.
    pub fn state(&self) -> BTreeMap<String, TensorData> {
        let named = |(path, (first, second)): (&String, &Moments)| {
            [
                (format!("first.{path}"), first.to_data()),
                (format!("second.{path}"), second.to_data()),
            ]
        };
        self.moments.iter().flat_map(named).collect()
    }

    /// An optimizer that goes on after `step` steps with the moments of [`state`](Self::state), for parameters of these
    /// `shapes` by path.
    ///
    /// # Errors
    /// If a moment has no partner or not its parameter's size.
    pub fn from_state(
        config: AdamConfig,
        step: u64,
        mut state: BTreeMap<String, TensorData>,
        shapes: &[(String, Vec<usize>)],
        device: &Device,
    ) -> Result<Self, StateError> {
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
        Ok(Self { config, step, moments })
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.step
    }
}
