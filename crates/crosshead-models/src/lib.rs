#![doc = include_str!("../README.md")]

#[macro_use]
mod setters;

mod attention;
mod causal_lm;
mod compute_type;
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

pub use attention::{AttentionKind, AttentionWeights};
pub use causal_lm::{CausalLm, CausalLmConfig};
pub use compute_type::ComputeType;
pub use config::ModelConfig;
pub use encoder::{Encoder, EncoderConfig};
pub use encoder_decoder::{EncoderDecoder, EncoderDecoderConfig, Teacher};
pub use error::ModelError;
pub use heads::{
    ClassifierHead, MaskedLm, PoolerActivation, Pooling, ProblemType, SequenceClassifier,
    TokenClassifier,
};
pub use input::InputLayer;
pub use invalid_field::InvalidField;
pub use pretrained::{
    GenerationDefaults, GenerationFile, Head, InvalidTarget, LoraTargets, ModelDirectory,
    ModelFiles, NotFollowed, Origin, SentenceDirectory, WeightsReport, adapt, average_directories,
    int8_tensor, merge_directory, quantize_directory, read_json, set_adapter_base, set_config_keys,
    trains_with_adapter,
};
pub use projection::{Projection, ProjectionActivation, ProjectionConfig};
pub use sentence_encoder::{SentenceConfig, SentenceEncoder, SentenceStep};
pub use stack_config::{PositionKind, StackConfig};
pub use steps::{CausalSteps, DecoderSteps};
pub use tokens::{IGNORED, TokenBatch};

// Items from other crates that appear in this crate's API.
pub use crosshead_blocks::{
    Decoder, DecoderAttention, DecoderCache, Encoder as EncoderStack, Memory, Norm, NormKind,
    NormOrder,
};
pub use crosshead_generate::{DecodingConfig, EarlyStopping, Sampling, StepModel};
pub use crosshead_kernels::{
    Activation, CrossEntropy, LabelSmoothing, Linear, Linears, LoraConfig, LoraScaling, Mode,
    RandomKey,
};
pub use crosshead_position::{
    Positions, RotaryConfig, RotaryPairing, RotaryScaling, SinusoidLayout,
};
pub use crosshead_weights::{Initialization, TensorSource, WeightsError, initialize_where};
