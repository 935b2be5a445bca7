//! Averages of weights: the exponential moving average of all steps, and the mean of a few.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::scaled_sum;
use crosshead_weights::parameters;
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// The prefix of an average's names among the tensors of a checkpoint.
const PREFIX: &str = "ema.";

/// The weights that are averaged at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AverageOf {
    /// The last checkpoints that were due.
    #[default]
    Last,
    /// The best validations.
    Best,
}

/// The average at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Average {
    /// What is averaged.
    pub of: AverageOf,
    /// The number of models.
    pub count: usize,
}

/// The exponential moving average of the trained weights.
#[derive(Debug)]
pub(super) struct Ema {
    decay: f64,
    /// By path, flattened.
    weights: BTreeMap<String, Tensor<1>>,
}

impl Ema {
    /// The average before the first step: the weights themselves.
    pub(super) fn new<M: Module>(decay: f64, model: &M) -> Self {
        Self { decay, weights: parameters::trained(model) }
    }

    /// Takes the weights after a step into account. Early steps count more, so that the initial weights are soon forgotten: the
    /// decay of step t is at most (1 + t) / (10 + t).
    pub(super) fn update<M: Module>(&mut self, model: &M, step: u64) {
        let at = step as f64;
        let decay = self.decay.min((1.0 + at) / (10.0 + at));
        for (path, value) in parameters::trained(model) {
            if let Some(average) = self.weights.remove(&path) {
                self.weights.insert(path, scaled_sum(average, decay, value, 1.0 - decay));
            }
        }
    }

    /// A model with the averaged weights.
    pub(super) fn apply<M: Module>(&self, model: M) -> M {
        parameters::update(model, |path, value| self.weights.get(path).cloned().unwrap_or(value))
    }

    /// Adds the average to the tensors of a checkpoint.
    pub(super) fn save(&self, tensors: &mut BTreeMap<String, TensorData>) {
        let named = self.weights.iter();
        tensors.extend(named.map(|(path, value)| (format!("{PREFIX}{path}"), value.to_data())));
    }

    /// Takes the average out of the tensors of a checkpoint.
    ///
    /// # Errors
    /// If it is incomplete.
    pub(super) fn restore(
        &mut self,
        tensors: &mut BTreeMap<String, TensorData>,
        device: &Device,
    ) -> Result<(), TrainError> {
        let device = device.clone().inner();
        for (path, value) in &mut self.weights {
            let name = format!("{PREFIX}{path}");
            let found = tensors.remove(&name);
            let fits = |data: &TensorData| data.num_elements() == value.dims()[0];
            let Some(data) = found.filter(fits) else {
                let reason = format!("`{name}` is missing or has another size");
                return Err(TrainError::OtherModel { reason });
            };
            *value = Tensor::from_data(data, &device);
        }
        Ok(())
    }
}
