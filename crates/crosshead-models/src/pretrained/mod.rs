//! Model directories in the layouts of Hugging Face and CTranslate2.
//!
//! A family is one value in [`families`], which defines the meaning of its `config.json` and the names of its weights.
//! Loading and saving are the same for all families.

mod adapter;
mod average;
mod config_file;
mod ctranslate2;
mod derived;
mod directory;
mod encoders;
mod families;
mod files;
mod form;
mod generation;
mod head;
mod json;
mod keys;
mod labels;
mod language_models;
mod load;
mod names;
mod origin;
mod quantize;
mod report;
mod save;
mod sentence;
mod tensors;
mod weights_report;

use std::fs;
use std::path::Path;

use crosshead_files::{write_atomic, write_directory};
use serde_json::{Map, Value};

pub use adapter::{
    InvalidTarget, LoraTargets, adapt, merge_directory, set_adapter_base, trains_with_adapter,
};
pub use average::average_directories;
pub use directory::ModelDirectory;
pub use files::ModelFiles;
pub use generation::{GenerationDefaults, GenerationFile, NotFollowed};
pub use head::Head;
pub use json::read_json;
pub use origin::{Origin, set_config_keys};
pub use quantize::{int8_tensor, quantize_directory};
pub use sentence::SentenceDirectory;
pub use weights_report::WeightsReport;

use crate::ModelError;

/// Writes a model directory atomically: `config.json`, the files written by `weights` and those written by `extra`.
fn write_model<E: From<ModelError> + From<std::io::Error>>(
    dir: &Path,
    config: Map<String, Value>,
    extra: impl FnOnce(&Path) -> Result<(), E>,
    weights: impl FnOnce(&Path) -> Result<(), ModelError>,
) -> Result<(), E> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent)?;
    }
    write_directory(dir, |dir| {
        write_json(&dir.join("config.json"), config)?;
        weights(dir)?;
        extra(dir)
    })
}

fn write_json(path: &Path, object: Map<String, Value>) -> Result<(), ModelError> {
    write_atomic(path, json_text(object).as_bytes()).map_err(ModelError::io(path))
}

/// The text of a JSON file.
fn json_text(object: Map<String, Value>) -> String {
    format!("{:#}\n", Value::Object(object))
}
