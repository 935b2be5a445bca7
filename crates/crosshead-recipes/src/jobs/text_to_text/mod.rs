//! Translation and summarization.

mod distill;
mod evaluate;
mod job;
mod languages;
mod pairs;
mod pretrained;
mod sections;
mod segmentations;
mod task;

pub use evaluate::{summaries, translations};
pub(crate) use job::TextToTextJob;
pub use sections::{
    DecodeSection, DistillSection, LongTexts, PairsSection, TextToTextKind, TextToTextRecipe,
};
