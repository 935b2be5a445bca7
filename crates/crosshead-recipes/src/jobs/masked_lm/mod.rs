//! Masked language modeling.

mod evaluate;
mod job;
mod sections;

pub use evaluate::masked_language_modeling;
pub(crate) use job::MaskedLmJob;
pub use sections::{MaskedLmKind, MaskedLmRecipe, MaskedTextSection};
