#![doc = include_str!("../README.md")]

mod checkpoint;
mod config;
mod error;
mod log;
mod optimizer;
mod progress;
mod schedule;
mod snapshots;
mod store;
mod tensorboard;
mod trainer;

pub use checkpoint::Checkpoint;
pub use config::TrainConfig;
pub use error::TrainError;
pub use log::RunLog;
pub use optimizer::{
    AdafactorConfig, AdamConfig, Adjustment, Decayed, LionConfig, MuonConfig, MuonScale, Optimizer,
    OptimizerConfig, Role, SgdConfig, StateError, UpdateScale,
};
pub use progress::Progress;
pub use schedule::{Cooldown, Plateau, PlateauState, Schedule};
pub use snapshots::{Snapshot, SnapshotStore};
pub use store::{CheckpointStore, Restored};
pub use tensorboard::{EventLog, Scalar};
pub use trainer::{
    Average, AverageOf, Divergence, Guard, GuardState, MAX_ROLLBACKS, MAX_SKIPS, Observer,
    OnDivergence, Outcome, Remedy, StepReport, Symptom, Task, Trainer, Validation, Weights,
};

// Types from other crates that appear in this crate's API.
pub use crosshead_data::{BatchStream, Batching};
pub use crosshead_kernels::{Mode, RandomKey};
pub use crosshead_weights::{WeightsError, parameters};
