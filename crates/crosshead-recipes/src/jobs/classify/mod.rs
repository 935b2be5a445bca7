//! Text classification.

mod evaluate;
mod job;
mod sections;
mod texts;

pub use evaluate::{classification, classification_of_pairs};
pub(crate) use job::ClassifyJob;
pub use sections::{ClassifyKind, ClassifyRecipe, LabelledSection};
