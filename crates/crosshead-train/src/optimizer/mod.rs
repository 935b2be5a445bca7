//! Optimizers: what moves the weights along the gradients.

mod adam;

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

pub use self::adam::{Adam, AdamConfig};

/// Which optimizer, and its constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptimizerConfig {
    /// Adam, or AdamW with weight decay.
    Adam(AdamConfig),
}

impl Default for OptimizerConfig {
    /// Adam with the paper's constants.
    fn default() -> Self {
        Self::Adam(AdamConfig::default())
    }
}

impl OptimizerConfig {
    /// An optimizer that has seen nothing.
    pub fn init(self) -> Optimizer {
        match self {
            Self::Adam(config) => Optimizer::Adam(Adam::new(config)),
        }
    }

    /// An optimizer that goes on after `step` steps with the state of [`Optimizer::state`], for parameters of these `shapes`
    /// by path.
    ///
    /// # Errors
    /// If the state is of another optimizer or of other parameters.
    pub fn restore(
        self,
        step: u64,
        state: BTreeMap<String, TensorData>,
        shapes: &[(String, Vec<usize>)],
        device: &Device,
    ) -> Result<Optimizer, StateError> {
        match self {
            Self::Adam(config) => {
                Adam::from_state(config, step, state, shapes, device).map(Optimizer::Adam)
            }
        }
    }
}

/// An optimizer and its state.
#[derive(Debug)]
pub enum Optimizer {
    /// Adam.
    Adam(Adam),
}

impl Optimizer {
    /// One step along the gradients, which are keyed by parameter path; returns the model and the gradients' global norm
    /// before clipping.
    ///
    /// A parameter without a gradient stays as it is, and so does everything if the norm is not finite.
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

    /// What a checkpoint keeps: tensors by the name of what they are and the path of their parameter, `first.encoder.…`.
    pub fn state(&self) -> BTreeMap<String, TensorData> {
        match self {
            Self::Adam(adam) => adam.state(),
        }
    }
}

/// A saved state that the optimizer cannot go on from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A tensor without the one that belongs to it.
    #[error("optimizer state `{name}` has no partner")]
    NoPartner {
        /// The tensor's name.
        name: String,
    },
    /// A tensor that does not have the size of its parameter.
    #[error("optimizer state `{name}` has not the size of {shape:?}")]
    OtherSize {
        /// The tensor's name.
        name: String,
        /// The parameter's shape.
        shape: Vec<usize>,
    },
}
