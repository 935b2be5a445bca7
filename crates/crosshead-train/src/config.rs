//! Configuration of a training run.

use serde::{Deserialize, Serialize};

use crate::{Average, Decayed, Guard, Optimizer, OptimizerConfig, Schedule};

/// Configuration of a training run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    steps: u64,
    schedule: Schedule,
    accumulate: usize,
    optimizer: OptimizerConfig,
    max_norm: f64,
    decayed: Decayed,
    ema: Option<f64>,
    average: Option<Average>,
    patience: Option<u64>,
    guard: Guard,
    validate_every: u64,
    checkpoint_every: u64,
    seed: u64,
}

impl TrainConfig {
    /// A run of this many optimizer steps.
    pub fn new(steps: u64, schedule: Schedule) -> Self {
        Self {
            steps,
            schedule,
            accumulate: 1,
            optimizer: OptimizerConfig::default(),
            max_norm: 1.0,
            decayed: Decayed::All,
            ema: None,
            average: None,
            patience: None,
            guard: Guard::default(),
            validate_every: 1000,
            checkpoint_every: 1000,
            seed: 0,
        }
    }

    /// Sets the number of batches per step, over which gradients are accumulated. Default: 1.
    pub fn with_accumulate(self, accumulate: usize) -> Self {
        Self { accumulate, ..self }
    }

    /// Sets the optimizer. Default: [`OptimizerConfig::default`].
    pub fn with_optimizer(self, optimizer: impl Into<OptimizerConfig>) -> Self {
        Self { optimizer: optimizer.into(), ..self }
    }

    /// Clips gradients to this global norm; 0 disables it. Default: 1.
    pub fn with_max_norm(self, max_norm: f64) -> Self {
        Self { max_norm, ..self }
    }

    /// Sets the parameters to which weight decay applies. Default: all.
    pub fn with_decayed(self, decayed: Decayed) -> Self {
        Self { decayed, ..self }
    }

    /// Validates and saves the exponential moving average of the weights, with this decay, instead of the weights themselves.
    pub fn with_ema(self, decay: f64) -> Self {
        Self { ema: Some(decay), ..self }
    }

    /// Averages the weights of several steps at the end of the run; the average becomes the best model if its score is. It needs
    /// [`Trainer::with_snapshots`](crate::Trainer::with_snapshots).
    pub fn with_average(self, average: Average) -> Self {
        Self { average: Some(average), ..self }
    }

    /// Ends the run after this many validations without a better score.
    pub fn with_patience(self, patience: u64) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// Sets what happens when the loss or the gradient diverges. Default: the run stops with an error.
    pub fn with_guard(self, guard: Guard) -> Self {
        Self { guard, ..self }
    }

    /// Sets the number of steps between validations. Default: 1000.
    pub fn with_validate_every(self, validate_every: u64) -> Self {
        Self { validate_every, ..self }
    }

    /// Sets the number of steps between checkpoints. Default: 1000.
    pub fn with_checkpoint_every(self, checkpoint_every: u64) -> Self {
        Self { checkpoint_every, ..self }
    }

    /// Sets the seed of dropout. Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Number of optimizer steps.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The learning rate schedule.
    pub fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// Number of batches per step.
    pub fn accumulate(&self) -> usize {
        self.accumulate
    }

    /// The optimizer.
    pub fn optimizer(&self) -> OptimizerConfig {
        self.optimizer
    }

    /// The maximum global norm of the gradients; 0 for no limit.
    pub fn max_norm(&self) -> f64 {
        self.max_norm
    }

    /// The parameters to which weight decay applies.
    pub fn decayed(&self) -> Decayed {
        self.decayed
    }

    /// The decay of the exponential moving average of the weights, if there is one.
    pub fn ema(&self) -> Option<f64> {
        self.ema
    }

    /// The average at the end of the run, if there is one.
    pub fn average(&self) -> Option<Average> {
        self.average
    }

    /// The number of validations without a better score after which the run ends.
    pub fn patience(&self) -> Option<u64> {
        self.patience
    }

    /// What happens when the loss or the gradient diverges.
    pub fn guard(&self) -> Guard {
        self.guard
    }

    /// Number of steps between validations.
    pub fn validate_every(&self) -> u64 {
        self.validate_every
    }

    /// Number of steps between checkpoints.
    pub fn checkpoint_every(&self) -> u64 {
        self.checkpoint_every
    }

    /// The seed of dropout.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The optimizer before its first step.
    pub(crate) fn init_optimizer(&self) -> Optimizer {
        self.optimizer.init().with_max_norm(self.max_norm).with_decayed(self.decayed)
    }
}
