//! What a fine-tuned model keeps from the pretrained one.

use std::path::Path;

use crosshead_models::Origin;
use crosshead_tasks::model_directory;
use crosshead_tokenize::{Tokenizer, TokenizerFiles};
use serde_json::{Map, Value};

use crate::RunError;

/// The files of the pretrained model other than its weights; `None` without `init`.
pub(crate) struct Kept(Option<(Origin, TokenizerFiles)>);

impl Kept {
    /// Reads the files to keep.
    ///
    /// # Errors
    /// If the directory has no model, or one of its files is malformed.
    pub(crate) fn of(init: Option<&str>) -> Result<Self, RunError> {
        let Some(init) = init else { return Ok(Self(None)) };
        let dir = model_directory(Path::new(init))?;
        Ok(Self(Some((Origin::open(&dir)?, TokenizerFiles::read(&dir)?))))
    }

    /// The same files, with these default languages.
    ///
    /// # Errors
    /// If `tokenizer_config.json` is malformed.
    pub(crate) fn with_languages(
        self,
        source: Option<&str>,
        target: Option<&str>,
    ) -> Result<Self, RunError> {
        let Some((origin, files)) = self.0 else { return Ok(self) };
        Ok(Self(Some((origin, files.with_languages(source, target)?))))
    }

    /// Completes the directory of a saved model: the tokenizer, and the files of the pretrained model. `search` overrides keys of
    /// its `generation_config.json`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn complete(
        &self,
        dir: &Path,
        tokenizer: &Tokenizer,
        search: &Map<String, Value>,
    ) -> Result<(), RunError> {
        match &self.0 {
            None => tokenizer.save(dir)?,
            Some((origin, files)) => {
                files.write(dir)?;
                origin.keep_in(dir, search)?;
            }
        }
        Ok(())
    }
}
