//! Model directories in Hugging Face's layout.

mod checkpoint;
mod config_json;
mod generation_json;
pub mod names;
mod weights;

use std::fs;
use std::path::Path;

use burn::tensor::Device;

pub use checkpoint::{Checkpoint, write_tensors};
pub use generation_json::GenerationDefaults;

use crate::{EncoderDecoder, EncoderDecoderConfig, ModelError, write_directory};

impl EncoderDecoder {
    /// Loads a model directory: `config.json` and the weights, as [`Checkpoint::open`] finds them.
    ///
    /// # Errors
    /// If a file is missing, malformed, or does not fit the other; the error names file and tensor or key.
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        let config = EncoderDecoderConfig::from_json_file(&dir.join("config.json"))?;
        weights::load(&config, dir, device)
    }

    /// Writes a model directory that this crate, `transformers` and CTranslate2 load: `config.json`,
    /// `generation_config.json` and `model.safetensors`, and what `extra` adds, such as a tokenizer.
    ///
    /// The directory appears whole or not at all.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        generation: GenerationDefaults,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent)?;
        }
        write_directory(dir, |dir| {
            self.config().write_json_files(generation, dir)?;
            weights::save(self, &dir.join("model.safetensors"))?;
            extra(dir)
        })
    }
}
