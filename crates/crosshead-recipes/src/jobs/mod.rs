//! The tasks. Each has a folder with the sections of its recipe, its job and its evaluation; [`table`] registers them.

mod classify;
mod embed;
mod language_model;
mod masked_lm;
mod span_corruption;
mod table;
mod text_to_text;
mod token_classify;

pub use classify::{
    ClassifyKind, ClassifyRecipe, LabelledSection, classification, classification_of_pairs,
};
pub use embed::{
    EmbedKind, EmbedRecipe, RankedSection, ScoredPair, embedding_ranks, embedding_scores,
};
pub use language_model::{
    LanguageModelKind, LanguageModelRecipe, SampleSection, TextSection, language_modeling,
};
pub use masked_lm::{
    MaskUnit, MaskedLmKind, MaskedLmRecipe, MaskedTextSection, masked_language_modeling,
};
pub use span_corruption::{SpanKind, SpanRecipe, SpanTextSection};
pub use table::{Recipe, TaskKind, UnknownTask};
pub use text_to_text::{
    DecodeSection, DistillSection, LongTexts, PairsSection, TextToTextKind, TextToTextRecipe,
    summaries, translations,
};
pub use token_classify::{
    TaggedSection, TokenClassifyKind, TokenClassifyRecipe, token_classification,
};

#[cfg(test)]
mod tests;
