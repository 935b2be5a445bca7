//! Optimizers.

mod adam;

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

pub use self::adam::{Adam, AdamConfig};

/// The choice of optimizer, with its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerConfig {
    /// Adam, or AdamW with weight decay.
    Adam(AdamConfig),
}

impl Default for OptimizerConfig {
    /// Adam with the constants of Vaswani et al. 2017.
    fn default() -> Self {
        Self::Adam(AdamConfig::default())
    }
}

impl OptimizerConfig {
    /// An optimizer before its first step.
    pub fn init(self) -> Optimizer {
        match self {
            Self::Adam(config) => Optimizer::Adam(config.init()),
        }
    }

    /// An optimizer that resumes after `step` steps from the state of [`Optimizer::state`], for parameters with these
    /// `shapes` by path.
    ///
    /// # Errors
    /// If the state does not match the optimizer or the parameters.
    pub fn restore(
        self,
        step: u64,
        state: BTreeMap<String, TensorData>,
        shapes: &[(String, Vec<usize>)],
        device: &Device,
    ) -> Result<Optimizer, StateError> {
        match self {
            Self::Adam(config) => config.restore(step, state, shapes, device).map(Optimizer::Adam),
        }
    }
}

/// An optimizer with its state.
#[derive(Debug)]
pub enum Optimizer {
    /// Adam.
    Adam(Adam),
}

impl Optimizer {
    /// Updates the model with the gradients, keyed by parameter path; returns the model and the gradients' global norm before
    /// clipping.
    ///
    /// Parameters without a gradient are unchanged. If the norm is not finite, nothing changes.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: BTreeMap<String, Tensor<1>>,
        learning_rate: f64,
    ) -> (M, f64) {
        match self {
            Self::Adam(adam) => adam.step(model, gradients, learning_rate),
        }
    }

    /// The state for a checkpoint: tensors named by their kind and parameter path, such as `first.encoder.…`.
    pub fn state(&self) -> BTreeMap<String, TensorData> {
        match self {
            Self::Adam(adam) => adam.state(),
        }
    }
}

/// A saved state that cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// One of a parameter's two moment estimates is missing.
    #[error("optimizer state `{name}`: the other moment estimate of this parameter is missing")]
    NoPartner {
        /// The tensor's name.
        name: String,
    },
    /// A moment estimate does not have the size of its parameter.
    #[error("optimizer state `{name}` does not have the size of its parameter, {shape:?}")]
    OtherSize {
        /// The tensor's name.
        name: String,
        /// The parameter's shape.
        shape: Vec<usize>,
    },
}
