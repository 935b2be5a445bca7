#![doc = include_str!("../README.md")]

mod batches;
mod collate;
mod error;
mod example;
mod pairs;
mod random;
mod stream;

pub use batches::{Order, token_budget_batches};
pub use collate::{Seq2SeqBatch, collate};
pub use error::DataError;
pub use example::{Example, LongExamples, filter_by_length};
pub use pairs::{Pair, parse_pairs, read_pairs};
pub use stream::{BatchPosition, BatchStream};
