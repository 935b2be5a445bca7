//! Masked language modeling.

mod evaluate;
mod job;
mod sections;
mod text;

pub use evaluate::masked_language_modeling;
pub(crate) use job::MaskedLmJob;
pub use sections::{MaskUnit, MaskedLmKind, MaskedLmRecipe, MaskedTextSection};
