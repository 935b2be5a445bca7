#![doc = include_str!("../README.md")]

mod checkpoint;
mod error;
mod log;
mod optimizer;
mod schedule;
mod store;
mod trainer;

pub use checkpoint::{Checkpoint, Progress};
pub use error::TrainError;
pub use log::RunLog;
pub use optimizer::{Adam, AdamConfig, Optimizer, OptimizerConfig, StateError};
pub use schedule::Schedule;
pub use store::{CheckpointStore, Restored};
pub use trainer::{Observer, Outcome, StepReport, Task, TrainConfig, Trainer, Validation};
