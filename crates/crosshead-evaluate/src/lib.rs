#![doc = include_str!("../README.md")]

mod bleu;
mod bootstrap;
mod chrf;
mod classification;
mod corpus;
mod error;
mod ngrams;
mod perplexity;
mod rouge;
mod score;
mod text;
mod tokenizer;

pub use bleu::{Bleu, BleuScore, MAX_ORDER, Smoothing};
pub use bootstrap::{Bootstrap, Interval};
pub use chrf::Chrf;
pub use classification::{ClassScore, ClassificationScore, ConfusionMatrix, MeanOver};
pub use error::EvaluateError;
pub use perplexity::LanguageScore;
pub use rouge::{Rouge, RougeScore, RougeValue};
pub use score::Score;
pub use tokenizer::Tokenizer;
