#![doc = include_str!("../README.md")]

mod beam_search;
mod config;
mod constraints;
mod error;
mod exp;
mod greedy;
mod hypothesis;
mod length_penalty;
mod logits;
mod one_path;
mod sample;
mod step_model;
mod top_k;

pub use beam_search::beam_search;
pub use config::{EarlyStopping, GenerateConfig, Length, Normalization};
pub use error::GenerateError;
pub use greedy::greedy;
pub use hypothesis::Hypothesis;
pub use length_penalty::LengthPenalty;
pub use sample::{Sampling, sample};
pub use step_model::StepModel;
