//! Token classification, such as named entity recognition.

mod evaluate;
mod job;
mod sections;

pub use evaluate::token_classification;
pub(crate) use job::TokenClassifyJob;
pub use sections::{TaggedSection, TokenClassifyKind, TokenClassifyRecipe};
