//! Span corruption, the pre-training of encoder-decoders.

mod corruption;
mod job;
mod sections;

pub(crate) use job::SpanJob;
pub use sections::{SpanKind, SpanRecipe, SpanTextSection};
