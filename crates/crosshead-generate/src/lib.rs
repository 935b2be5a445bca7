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
mod loop_guard;
mod observer;
mod penalties;
mod phrases;
mod processors;
mod sample;
mod score;
mod single_path;
mod speculative;
mod step_model;
mod stop_rule;
mod top_k;

pub use config::{
    BeamSearch, DecodingConfig, EarlyStopping, EndBoost, Length, Normalization, Sampling,
    SequenceBias, Strategy,
};
pub use constraint::{Constraint, ConstraintState};
pub use decode::decode;
pub use error::GenerateError;
pub use hooks::Hooks;
pub use hypothesis::{Hypothesis, StopReason, TokenLogProb};
pub use length_penalty::LengthPenalty;
pub use loop_guard::LoopGuard;
pub use observer::{Flow, Observer, Step, StepToken};
pub use phrases::{Form, Phrase, Phrases};
pub use score::score;
pub use speculative::{
    DraftCounts, DraftModel, Drafter, PromptLookup, SoFar, decode_speculatively,
};
pub use step_model::{Rollback, StepModel};
pub use stop_rule::StopRule;
