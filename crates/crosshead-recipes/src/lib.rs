#![doc = include_str!("../README.md")]

mod adapter;
mod checkpointing;
mod curves;
mod data;
mod error;
mod evaluate;
pub mod finetune;
mod host;
mod job;
mod jobs;
mod kept;
mod layers;
mod parameters;
mod recipe;
pub mod reference;
pub mod report;
mod run;
mod tokenizer;

pub use curves::{RunCurves, write_curves};
pub use error::RunError;
pub use evaluate::{Compute, evaluate};
pub use host::{Assets, Event, Events, Host, NoAssets, Stop};
pub use jobs::{
    Recipe, ScoredPair, TaskKind, UnknownTask, classification, classification_of_pairs,
    embedding_ranks, embedding_scores, language_modeling, masked_language_modeling, summaries,
    token_classification, translations,
};
pub use recipe::nearest as nearest_key;
pub use report::Report;
pub use run::{Summary, train};

/// The sections of recipes.
pub mod sections {
    pub use crate::jobs::{
        ClassifyKind, ClassifyRecipe, DecodeSection, DistillSection, EmbedKind, EmbedRecipe,
        LabelledSection, LanguageModelKind, LanguageModelRecipe, LongTexts, MaskUnit, MaskedLmKind,
        MaskedLmRecipe, MaskedTextSection, PairsSection, RankedSection, SampleSection, SpanKind,
        SpanRecipe, SpanTextSection, TaggedSection, TextSection, TextToTextKind, TextToTextRecipe,
        TokenClassifyKind, TokenClassifyRecipe,
    };
    pub use crate::recipe::{
        AdafactorScale, AverageKind, BatchTokens, CausalFamily, CooldownForm, DecayOn,
        DivergenceAction, Every, GroupSection, LoraSection, ModelSection, MuonRate, OptimizerKind,
        Preset, Resolved, ScheduleKind, SmoothingOver, TokenizerKind, TokenizerSection,
        TrainSection,
    };
}
