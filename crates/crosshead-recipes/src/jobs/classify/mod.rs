//! Classification of texts.

mod evaluate;
mod job;

pub use evaluate::classification;
pub(crate) use job::ClassifyJob;
