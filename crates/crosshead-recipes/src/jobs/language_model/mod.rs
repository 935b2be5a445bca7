//! Causal language modeling.

mod evaluate;
mod job;
mod sections;

pub use evaluate::language_modeling;
pub(crate) use job::LanguageModelJob;
pub use sections::{LanguageModelKind, LanguageModelRecipe, SampleSection, TextSection};
