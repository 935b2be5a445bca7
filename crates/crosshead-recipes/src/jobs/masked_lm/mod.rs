//! Masked language models.

mod evaluate;
mod job;

pub use evaluate::masked_language_modeling;
pub(crate) use job::MaskedLmJob;
