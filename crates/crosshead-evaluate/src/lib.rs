#![doc = include_str!("../README.md")]

mod bleu;
mod bootstrap;
mod chrf;
mod classification;
mod corpus;
mod error;
mod metric;
mod ngrams;
mod perplexity;
mod rouge;
mod sampling;
mod score;
mod segment;
mod setting;
mod significance;
mod ter;
mod text;
mod tokenizer;

pub use bleu::{Bleu, BleuScore, MAX_ORDER, Smoothing};
pub use bootstrap::{Bootstrap, Interval};
pub use chrf::Chrf;
pub use classification::{ClassScore, ClassificationScore, ConfusionMatrix, MeanOver};
pub use corpus::{References, SegmentStatistics};
pub use error::EvaluateError;
pub use metric::{Best, Metric};
pub use perplexity::LanguageScore;
pub use rouge::{Rouge, RougeScore, RougeValue, RougeVariant};
pub use sampling::{PairedTest, Sampling};
pub use score::Score;
pub use segment::{ReferenceCount, Segment};
pub use setting::Setting;
pub use significance::Confidence;
pub use ter::Ter;
pub use text::trim_end;
pub use tokenizer::Tokenizer;
