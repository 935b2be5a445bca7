#![doc = include_str!("../README.md")]

mod adapter;
mod checkpointing;
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

pub use error::RunError;
pub use evaluate::{Compute, evaluate};
pub use host::{Assets, Event, Events, Host, NoAssets, Stop};
pub use jobs::{
    Recipe, TaskKind, UnknownTask, classification, language_modeling, masked_language_modeling,
    summaries, translations,
};
pub use report::Report;
pub use run::{Summary, train};

/// The sections of recipes.
pub mod sections {
    pub use crate::jobs::{
        ClassifyKind, ClassifyRecipe, DecodeSection, LabelledSection, LanguageModelKind,
        LanguageModelRecipe, LongTexts, MaskedLmKind, MaskedLmRecipe, MaskedTextSection,
        PairsSection, SampleSection, TextSection, TextToTextKind, TextToTextRecipe,
    };
    pub use crate::recipe::{
        AdafactorScale, AverageKind, CausalFamily, CooldownForm, DecayOn, DivergenceAction, Every,
        GroupSection, LoraSection, ModelSection, MuonRate, OptimizerKind, Preset, Resolved,
        ScheduleKind, SmoothingOver, TokenizerKind, TokenizerSection, TrainSection,
    };
}
