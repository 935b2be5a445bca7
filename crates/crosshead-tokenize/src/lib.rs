#![doc = include_str!("../README.md")]

mod batch;
mod bert;
mod error;
mod files;
mod frame;
mod special;
mod tokenizer;
mod tokenizer_config;
mod train;

pub use batch::{PaddedBatch, pad_batch, truncate};
pub use error::TokenizeError;
pub use special::{SpecialIds, SpecialRole};
pub use tokenizer::{Encoding, Tokenizer};
pub use train::{
    BpeConfig, END_OF_TEXT_TOKEN, EOS_TOKEN, PAD_TOKEN, UNK_TOKEN, UnigramConfig, WordPieceConfig,
};
