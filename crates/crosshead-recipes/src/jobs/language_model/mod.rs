//! Causal language models.

mod evaluate;
mod job;

pub use evaluate::language_modeling;
pub(crate) use job::LanguageModelJob;
