//! `generation_config.json`: how a model's outputs are searched for unless the user says otherwise.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use crate::ModelError;

/// The search that a model directory asks for.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct GenerationDefaults {
    /// Hypotheses followed at once.
    pub num_beams: usize,
    /// α of the score log p / lenᵅ.
    pub length_penalty: f32,
}

impl Default for GenerationDefaults {
    /// Four beams, and α = 1.
    fn default() -> Self {
        Self { num_beams: 4, length_penalty: 1.0 }
    }
}

impl GenerationDefaults {
    /// Reads the `generation_config.json` of a model directory; without the file or a key, the default holds.
    ///
    /// # Errors
    /// If the file is malformed.
    pub fn from_dir(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join("generation_config.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(ModelError::io(&path)(error)),
        };
        let defaults: Self = serde_json::from_str(&text)
            .map_err(|source| ModelError::Json { path: path.clone(), source })?;
        if defaults.num_beams == 0 {
            return Err(ModelError::Config {
                path,
                key: "num_beams",
                reason: "must be at least 1".to_owned(),
            });
        }
        Ok(defaults)
    }
}
