//! The files of the pretrained sentence encoder.

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_files::write_atomic;
use crosshead_models::SentenceDirectory;
use crosshead_tasks::model_directory;
use serde_json::Value;

use crate::RunError;

/// The files with settings that a fine-tuned model keeps.
const PROMPTS: &str = "config_sentence_transformers.json";
const SETTINGS: &str = "sentence_bert_config.json";

/// A pretrained sentence encoder.
pub(super) struct Pretrained {
    pub(super) directory: SentenceDirectory,
    /// The settings and their names.
    kept: Vec<(&'static str, Vec<u8>)>,
}

impl Pretrained {
    /// Opens the directory of a sentence encoder, or of an encoder, which gets mean pooling.
    ///
    /// # Errors
    /// If there is no model, or a file is malformed.
    pub(super) fn open(init: &str) -> Result<Self, RunError> {
        let path = Path::new(init);
        let with_modules = [path.to_owned(), path.join("model")];
        let with_modules = with_modules.into_iter().find(|dir| dir.join("modules.json").is_file());
        let root: PathBuf = with_modules.map_or_else(|| model_directory(path), Ok)?;
        let directory = SentenceDirectory::open(&root)?;
        let mut kept = Vec::new();
        for (name, folder) in [(PROMPTS, &root), (SETTINGS, &directory.encoder)] {
            let path = folder.join(name);
            if directory.has_modules && path.is_file() {
                kept.push((name, fs::read(&path).map_err(RunError::io(&path))?));
            }
        }
        Ok(Self { directory, kept })
    }

    /// The encoder's directory.
    pub(super) fn encoder(&self) -> String {
        self.directory.encoder.display().to_string()
    }

    /// The name of the prompt that the model puts before each text, which training does not.
    pub(super) fn default_prompt(&self) -> Option<String> {
        let (_, bytes) = self.kept.iter().find(|(name, _)| *name == PROMPTS)?;
        let keys: Value = serde_json::from_slice(bytes).ok()?;
        keys.get("default_prompt_name")?.as_str().map(str::to_owned)
    }

    /// Writes the settings to the directory of a saved model.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn keep_in(&self, dir: &Path) -> Result<(), RunError> {
        for (name, bytes) in &self.kept {
            let path = dir.join(name);
            write_atomic(&path, bytes).map_err(RunError::io(&path))?;
        }
        Ok(())
    }
}
