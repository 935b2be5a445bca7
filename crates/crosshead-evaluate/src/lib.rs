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
mod score;
mod significance;
mod ter;
mod text;
mod tokenizer;

pub use bleu::{Bleu, BleuScore, MAX_ORDER, Smoothing};
pub use bootstrap::{Bootstrap, Interval};
pub use chrf::Chrf;
pub use classification::{ClassScore, ClassificationScore, ConfusionMatrix, MeanOver};
pub use corpus::{ReferenceCount, References, Segment, SegmentStatistics};
pub use error::EvaluateError;
pub use metric::{Best, Metric, Setting};
pub use perplexity::LanguageScore;
pub use rouge::{Rouge, RougeScore, RougeValue, RougeVariant};
pub use score::Score;
pub use significance::{Confidence, PairedTest, Sampling};
pub use ter::Ter;
pub use text::trim_end;
pub use tokenizer::Tokenizer;
