#![doc = include_str!("../README.md")]

mod causal_lm;
mod encoder;
mod encoder_decoder;
mod encoder_decoder_config;
mod error;
mod files;
mod heads;
mod hub;
mod init;
mod input;
pub mod parameters;
pub mod presets;
mod sentence_encoder;
mod stack_config;
mod steps;
pub mod summary;
mod tokens;

pub use causal_lm::{CausalLm, CausalLmConfig};
pub use crosshead_blocks::Memory;
pub use encoder::{Encoder, EncoderConfig};
pub use encoder_decoder::EncoderDecoder;
pub use encoder_decoder_config::EncoderDecoderConfig;
pub use error::ModelError;
pub use files::{write_atomic, write_directory};
pub use heads::{
    ClassifierHead, MaskedLm, PoolerActivation, Pooling, SequenceClassifier, TokenClassifier,
};
pub use hub::{
    Checkpoint, GenerationDefaults, GenerationFile, Head, ModelDirectory, NotFollowed,
    WeightsReport, write_tensors,
};
pub use init::{Initialization, initialize, initialize_where};
pub use input::InputLayer;
pub use safetensors::Dtype;
pub use sentence_encoder::{SentenceConfig, SentenceEncoder};
pub use stack_config::{PositionKind, StackConfig};
pub use steps::{CausalSteps, DecoderSteps};
pub use tokens::{IGNORED, TokenBatch};
