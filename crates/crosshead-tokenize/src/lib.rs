#![doc = include_str!("../README.md")]

mod batch;
mod error;
mod files;
mod special;
mod tokenizer;
mod tokenizer_config;
mod train;

pub use batch::{PaddedBatch, pad_batch, truncate};
pub use error::TokenizeError;
pub use special::SpecialIds;
pub use tokenizer::{Encoding, Tokenizer};
pub use train::{BpeConfig, EOS_TOKEN, PAD_TOKEN, UNK_TOKEN};
