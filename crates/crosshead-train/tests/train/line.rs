//! A tiny training task: a quadratic loss with dropout.

use burn::tensor::{Device, Tensor};
use crosshead_kernels::{Linear, LinearConfig, Mode, dropout};
use crosshead_train::Task;

/// The number of examples.
pub(crate) const EXAMPLES: usize = 10;

/// y = 2x − 1 at a few points.
pub(crate) struct Line {
    device: Device,
    /// The factor of the loss of a batch.
    factor: fn(&[usize]) -> f32,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::with_factor(|_| 1.0)
    }

    pub(crate) fn with_factor(factor: fn(&[usize]) -> f32) -> Self {
        Self { device: Device::flex().autodiff(), factor }
    }

    pub(crate) fn model(&self) -> Linear {
        LinearConfig::new(1, 1).init(&self.device)
    }
}

impl Task for Line {
    type Model = Linear;

    fn loss(&self, model: &Linear, examples: &[usize], mode: Mode) -> Tensor<1> {
        let x: Vec<f32> = examples.iter().map(|&i| i as f32 / EXAMPLES as f32).collect();
        let x = Tensor::<1>::from_data(x.as_slice(), &self.device).reshape([examples.len(), 1]);
        let y = x.clone() * 2.0 - 1.0;
        (dropout(model.forward(x, mode), 0.1, mode) - y).square().sum() * (self.factor)(examples)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.len()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        3 * examples.len()
    }
}
