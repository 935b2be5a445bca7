//! What is trained, and who observes it.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_kernels::Mode;

use super::guard::Divergence;
use crate::{Checkpoint, Progress, TrainError};

/// A training task: a loss over examples.
pub trait Task: Sync {
    /// The trained module.
    type Model: Module;

    /// The summed loss of the examples with these indices, `[1]`.
    fn loss(&self, model: &Self::Model, examples: &[usize], mode: Mode) -> Tensor<1>;

    /// The number of targets in the examples, by which the summed loss is divided.
    fn targets(&self, examples: &[usize]) -> usize;

    /// The number of tokens in the examples without padding, for throughput.
    fn tokens(&self, examples: &[usize]) -> usize;
}

/// The report on a step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The progress of the run, including this step.
    pub progress: Progress,
    /// Mean loss per target, in nats.
    pub loss: f64,
    /// The gradients' global norm before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// Number of targets.
    pub targets: usize,
}

/// The result of a validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// The score for model selection; higher is better.
    pub score: f64,
}

/// The weights that a validated model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Those of the current step.
    Current,
    /// The exponential moving average of the steps.
    Ema,
    /// The average of several steps, at the end of the run.
    Average,
}

/// Observes a run, validates its model and saves its results.
pub trait Observer<M> {
    /// Called after each step.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_step(&mut self, report: &StepReport) -> Result<(), TrainError>;

    /// Validates the model, which is outside autodiff.
    ///
    /// # Errors
    /// An error ends the run.
    fn validate(
        &mut self,
        model: &M,
        progress: &Progress,
        weights: Weights,
    ) -> Result<Validation, TrainError>;

    /// Called when the model is the best so far, or ties with the best, to save it.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_best(&mut self, model: &M, progress: &Progress) -> Result<(), TrainError>;

    /// Called to save a checkpoint.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError>;

    /// Whether to save a checkpoint and stop after this step.
    fn should_stop(&self) -> bool;

    /// Called when a step was skipped, or the run went back to a checkpoint, because the loss or the gradient diverged. Does
    /// nothing by default.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_divergence(&mut self, _divergence: &Divergence) -> Result<(), TrainError> {
        Ok(())
    }

    /// The checkpoint to which a run goes back that diverges after `step` completed steps: the last one of fewer steps, because
    /// the weights of `step` itself may be what diverges, or else that of `step`. By default there is none.
    ///
    /// # Errors
    /// An error ends the run.
    fn checkpoint_before(&mut self, _step: u64) -> Result<Option<Checkpoint>, TrainError> {
        Ok(None)
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps completed, or the score stopped improving.
    Finished,
    /// Stopped by the observer.
    Stopped,
}
