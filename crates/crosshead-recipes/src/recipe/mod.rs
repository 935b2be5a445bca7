//! The parts shared by the recipes of all tasks: sections, keys, reading and comparison.

mod differences;
mod key;
mod keys;
mod lora;
mod model;
mod nearest;
mod preset;
mod read;
mod sets;
mod tokenizer;
mod train;
mod write;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub(crate) use differences::differences;
pub(crate) use key::{InvalidKey, at_least};
pub use keys::Choice;
pub(crate) use keys::{KeySchema, keys};
pub use lora::LoraSection;
pub use model::{CausalFamily, ModelSection};
pub(crate) use model::{default_model, has_key};
pub use nearest::nearest;
pub(crate) use preset::ModelKind;
pub use preset::Preset;
pub(crate) use read::{ReadError, read, read_as_is};
pub use tokenizer::{TokenizerKind, TokenizerSection};
pub use train::{
    AdafactorScale, AverageKind, BatchTokens, CooldownForm, DecayOn, DivergenceAction, Every,
    GroupSection, MuonRate, OptimizerKind, Resolved, ScheduleKind, SmoothingOver, TrainSection,
};
pub(crate) use train::{Epoch, TrainDefaults};
pub(crate) use write::{to_table, to_toml};

/// The sections of one task's recipes.
pub(crate) trait Sections: Clone + DeserializeOwned + JsonSchema {
    /// The kind of model that the task trains.
    const MODEL: ModelKind;

    /// The adapter that is trained instead of the model.
    fn lora(&self) -> Option<&LoraSection>;

    /// Fills absent keys with the task's defaults.
    ///
    /// # Errors
    /// The first key with an invalid value, and the reason.
    fn resolve(&mut self) -> Result<(), InvalidKey>;
}
