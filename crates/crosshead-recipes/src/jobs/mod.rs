//! The tasks. Each has a folder with the sections of its recipe, its job and its evaluation; [`table`] registers them.

mod classify;
mod language_model;
mod masked_lm;
mod table;
mod text_to_text;

pub use classify::{ClassifyKind, ClassifyRecipe, LabelledSection, classification};
pub use language_model::{
    LanguageModelKind, LanguageModelRecipe, SampleSection, TextSection, language_modeling,
};
pub use masked_lm::{MaskedLmKind, MaskedLmRecipe, MaskedTextSection, masked_language_modeling};
pub use table::{Recipe, TaskKind, UnknownTask};
pub use text_to_text::{
    DecodeSection, LongTexts, PairsSection, TextToTextKind, TextToTextRecipe, summaries,
    translations,
};

#[cfg(test)]
mod tests;
