#![doc = include_str!("../README.md")]

mod causal_lm;
mod config;
mod encoder;
mod encoder_decoder;
mod error;
mod heads;
mod input;
mod invalid_field;
pub mod paths;
pub mod presets;
mod pretrained;
mod projection;
mod sentence_encoder;
mod stack_config;
mod steps;
pub mod summary;
mod tokens;

pub use causal_lm::{CausalLm, CausalLmConfig};
pub use config::ModelConfig;
pub use crosshead_blocks::Memory;
pub use encoder::{Encoder, EncoderConfig};
pub use encoder_decoder::{EncoderDecoder, EncoderDecoderConfig};
pub use error::ModelError;
pub use heads::{
    ClassifierHead, MaskedLm, PoolerActivation, Pooling, ProblemType, SequenceClassifier,
    TokenClassifier,
};
pub use input::InputLayer;
pub use invalid_field::InvalidField;
pub use pretrained::{
    GenerationDefaults, GenerationFile, Head, ModelDirectory, NotFollowed, Origin,
    SentenceDirectory, WeightsReport, read_json, set_config_keys,
};
pub use projection::{Projection, ProjectionActivation, ProjectionConfig};
pub use sentence_encoder::{SentenceConfig, SentenceEncoder, SentenceStep};
pub use stack_config::{PositionKind, StackConfig};
pub use steps::{CausalSteps, DecoderSteps};
pub use tokens::{IGNORED, TokenBatch};
