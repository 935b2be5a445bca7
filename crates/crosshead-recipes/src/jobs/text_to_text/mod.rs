//! Translation and summarization.

mod evaluate;
mod job;

pub use evaluate::{summaries, translations};
pub(crate) use job::TextToTextJob;
