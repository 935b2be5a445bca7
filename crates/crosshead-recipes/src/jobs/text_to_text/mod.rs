//! Translation and summarization.

mod evaluate;
mod job;
mod languages;
mod pairs;
mod pretrained;
mod sections;

pub use evaluate::{summaries, translations};
pub(crate) use job::TextToTextJob;
pub use sections::{DecodeSection, LongTexts, PairsSection, TextToTextKind, TextToTextRecipe};
