#![doc = include_str!("../README.md")]

mod batch;
mod bert;
mod error;
mod family;
mod files;
mod json;
mod language_codes;
mod load;
mod pair;
mod pipeline;
mod sampling;
mod sentencepiece;
mod spans;
mod special;
mod special_role;
mod stream;
mod template;
mod tokenizer;
mod tokenizer_files;
mod train;
mod truncation;
mod vocabulary;
mod words;

pub use batch::{PaddedBatch, pad_batch};
pub use error::{CharsMapError, SentencePieceError, TokenizeError};
pub use pair::PairEncoding;
pub use sampling::{SubwordSampler, SubwordSampling};
pub use spans::{SpannedEncoding, SpannedText, TokenSpan};
pub use special::SpecialIds;
pub use special_role::SpecialRole;
pub use stream::TextStream;
pub use tokenizer::chat::{ChatMessage, ChatOptions};
pub use tokenizer::{Affixes, Encoding, Tokenizer};
pub use tokenizer_files::TokenizerFiles;
pub use train::{
    BpeConfig, END_OF_TEXT_TOKEN, EOS_TOKEN, PAD_TOKEN, UNK_TOKEN, UnigramConfig, WordPieceConfig,
    sentinel,
};
pub use truncation::TruncatedEncoding;
pub use words::WordsEncoding;
