//! `config.json`: the keys shared by all families.

use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::json;
use crate::ModelError;

/// A `config.json`.
#[derive(Debug)]
pub(super) struct ConfigFile {
    path: PathBuf,
    object: Map<String, Value>,
    /// The family.
    pub(super) model_type: String,
    /// The class name in transformers.
    pub(super) architecture: Option<String>,
    /// `decoder_start_token_id` of `generation_config.json`.
    pub(super) generation_start: Option<u32>,
}

#[derive(Deserialize)]
struct Header {
    model_type: String,
    architectures: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
struct Generation {
    decoder_start_token_id: Option<u32>,
}

impl ConfigFile {
    /// Reads the `config.json` of a model directory.
    pub(super) fn open(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join("config.json");
        let object = json::object(&path, &json::read_text(&path)?)?;
        // Errors in this file are reported by `GenerationDefaults`.
        let generation: Generation =
            json::read_json(&dir.join("generation_config.json")).unwrap_or_default();
        let file = Self::of(path, object)?;
        Ok(Self { generation_start: generation.decoder_start_token_id, ..file })
    }

    /// A file at `path` with the keys in `object`.
    pub(super) fn of(path: PathBuf, object: Map<String, Value>) -> Result<Self, ModelError> {
        let Header { model_type, architectures } = json::from_object(&path, &object)?;
        let architecture = architectures.unwrap_or_default().into_iter().next();
        Ok(Self { path, object, model_type, architecture, generation_start: None })
    }

    /// Reads the fields of `T`. `null` means a missing key, and integers may be written as `12.0`.
    pub(super) fn keys<T: DeserializeOwned>(&self) -> Result<T, ModelError> {
        json::from_object(&self.path, &self.object)
    }

    /// The error for an invalid value.
    pub(super) fn wrong(&self, key: &'static str, reason: impl Into<String>) -> ModelError {
        ModelError::Config { path: self.path.clone(), key, reason: reason.into() }
    }
}

/// Converts keys to an object. Floats get the shortest representation that reads back.
pub(super) fn to_object(keys: &impl Serialize) -> Map<String, Value> {
    // Converted through text: as a `Value`, an f32 would be converted to f64 and get more digits.
    let object = serde_json::to_string(keys).and_then(|text| serde_json::from_str(&text));
    object.expect("keys are a struct of plain values")
}

/// Reads an id, or the first of a list. A negative id means none.
pub(super) fn first_id<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "an id, or a list of ids")]
    enum Ids {
        One(i64),
        Several(Vec<i64>),
    }
    let first = match Option::<Ids>::deserialize(json)? {
        Some(Ids::One(id)) => Some(id),
        Some(Ids::Several(ids)) => ids.first().copied(),
        None => None,
    };
    let valid = |id: i64| {
        u32::try_from(id).map_err(|_| D::Error::custom(format!("{id} is not a valid id")))
    };
    first.filter(|&id| id >= 0).map(valid).transpose()
}

/// Like [`first_id`], but the id must be present.
pub(super) fn required_id<'de, D: Deserializer<'de>>(json: D) -> Result<u32, D::Error> {
    first_id(json)?.ok_or_else(|| D::Error::custom("expected an id"))
}
