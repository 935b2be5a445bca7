//! Text classification.

mod evaluate;
mod job;
mod sections;

pub use evaluate::classification;
pub(crate) use job::ClassifyJob;
pub use sections::{ClassifyKind, ClassifyRecipe, LabelledSection};
