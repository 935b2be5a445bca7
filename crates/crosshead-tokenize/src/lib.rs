#![doc = include_str!("../README.md")]

mod batch;
mod bert;
mod chat;
mod error;
mod family;
mod files;
mod frame;
mod json;
mod language;
mod language_codes;
mod load;
mod original;
mod parts;
mod save;
mod sentencepiece;
mod special;
mod stream;
mod tokenizer;
mod train;
mod vocabulary;

pub use batch::{PaddedBatch, pad_batch, truncate};
pub use chat::{ChatMessage, ChatOptions};
pub use error::TokenizeError;
pub use original::TokenizerFiles;
pub use special::{SpecialIds, SpecialRole};
pub use stream::TextStream;
pub use tokenizer::{Encoding, Tokenizer};
pub use train::{
    BpeConfig, END_OF_TEXT_TOKEN, EOS_TOKEN, PAD_TOKEN, UNK_TOKEN, UnigramConfig, WordPieceConfig,
};
