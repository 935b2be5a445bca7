#![doc = include_str!("../README.md")]

mod config;
mod encoder_decoder;
mod error;
mod files;
mod hub;
mod init;
pub mod parameters;
mod steps;

pub use config::EncoderDecoderConfig;
pub use encoder_decoder::{EncoderDecoder, Memory, TokenBatch};
pub use error::ModelError;
pub use files::{write_atomic, write_directory};
pub use hub::{GenerationDefaults, names};
pub use init::initialize;
pub use steps::DecoderSteps;
