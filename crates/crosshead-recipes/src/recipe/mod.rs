//! What the recipes of all tasks share: sections, keys, how they are read and compared.

mod differences;
mod key;
mod model;
mod preset;
mod read;
mod sets;
mod tokenizer;
mod train;

use serde::de::DeserializeOwned;

pub(crate) use differences::differences;
pub(crate) use key::{InvalidKey, at_least};
pub use model::{CausalFamily, ModelSection};
pub(crate) use preset::ModelKind;
pub use preset::Preset;
pub(crate) use read::{ReadError, read, read_as_is};
pub use tokenizer::{TokenizerKind, TokenizerSection};
pub(crate) use train::TrainDefaults;
pub use train::{ScheduleKind, TrainSection};

/// The sections of one task's recipes.
pub(crate) trait Sections: Clone + DeserializeOwned {
    /// Fills absent keys with the task's defaults.
    ///
    /// # Errors
    /// The first key whose value is impossible, and why.
    fn resolve(&mut self) -> Result<(), InvalidKey>;
}
