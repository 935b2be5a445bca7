//! Configuration of a training run.

use serde::{Deserialize, Serialize};

use crate::{OptimizerConfig, Schedule};

/// Configuration of a training run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    steps: u64,
    schedule: Schedule,
    accumulate: usize,
    optimizer: OptimizerConfig,
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
    pub fn with_optimizer(self, optimizer: OptimizerConfig) -> Self {
        Self { optimizer, ..self }
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
}
