#![doc = include_str!("../README.md")]

mod bleu;
mod chrf;
mod corpus;
mod error;
mod ngrams;
mod score;
mod text;
mod tokenizer;

pub use bleu::{Bleu, BleuScore, MAX_ORDER, Smoothing};
pub use chrf::Chrf;
pub use error::EvaluateError;
pub use score::Score;
pub use tokenizer::Tokenizer;
