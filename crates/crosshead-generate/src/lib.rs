#![doc = include_str!("../README.md")]

mod beam_search;
mod config;
mod constraint;
mod decode;
mod error;
mod exp;
mod greedy;
mod hooks;
mod hypothesis;
mod length_penalty;
mod logits;
mod observer;
mod processors;
mod sample;
mod single_path;
mod step_model;
mod top_k;

pub use config::{
    BeamSearch, DecodingConfig, EarlyStopping, Length, Normalization, Sampling, Strategy,
};
pub use constraint::{Constraint, ConstraintState};
pub use decode::decode;
pub use error::GenerateError;
pub use hooks::Hooks;
pub use hypothesis::{Hypothesis, StopReason};
pub use length_penalty::LengthPenalty;
pub use observer::{Flow, Observer, Step, StepToken};
pub use step_model::{Rollback, StepModel};
