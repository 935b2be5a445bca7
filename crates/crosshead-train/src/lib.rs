#![doc = include_str!("../README.md")]

mod checkpoint;
mod config;
mod error;
mod log;
mod optimizer;
mod schedule;
mod store;
mod trainer;

pub use checkpoint::{Checkpoint, Progress};
pub use config::TrainConfig;
pub use error::TrainError;
pub use log::RunLog;
pub use optimizer::{Adam, AdamConfig, Optimizer, OptimizerConfig, StateError};
pub use schedule::Schedule;
pub use store::{CheckpointStore, Restored};
pub use trainer::{Observer, Outcome, StepReport, Task, Trainer, Validation};

// Types from other crates that appear in this crate's API.
pub use crosshead_data::{BatchStream, Batching};
pub use crosshead_kernels::{Mode, RandomKey};
pub use crosshead_weights::{WeightsError, parameters};
