//! What a fine-tuned model keeps from the pretrained one.

use std::path::{Path, PathBuf};

use crosshead_models::{Origin, set_adapter_base};
use crosshead_tasks::model_files;
use crosshead_tokenize::{Tokenizer, TokenizerFiles};
use serde_json::{Map, Value};

use crate::RunError;

/// The files of the pretrained model other than its weights; none without `init`.
pub(crate) struct Kept(Option<Pretrained>);

struct Pretrained {
    origin: Origin,
    tokenizer: TokenizerFiles,
    /// The directory with the weights.
    weights: PathBuf,
}

impl Kept {
    /// Reads the files to keep.
    ///
    /// # Errors
    /// If the directory has no model, or one of its files is malformed.
    pub(crate) fn of(init: Option<&str>) -> Result<Self, RunError> {
        let Some(init) = init else { return Ok(Self(None)) };
        let files = model_files(Path::new(init), None)?;
        let (origin, tokenizer) = (Origin::open(files.dir())?, TokenizerFiles::read(files.dir())?);
        Ok(Self(Some(Pretrained { origin, tokenizer, weights: files.weights().to_owned() })))
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
        let Some(kept) = self.0 else { return Ok(self) };
        let tokenizer = kept.tokenizer.with_languages(source, target)?;
        Ok(Self(Some(Pretrained { tokenizer, ..kept })))
    }

    /// Completes the directory of a saved model or adapter: the tokenizer, and the files of the pretrained model. `search` overrides keys of
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
            Some(Pretrained { origin, tokenizer, weights }) => {
                tokenizer.write(dir)?;
                origin.keep_in(dir, search)?;
                set_adapter_base(dir, weights)?;
            }
        }
        Ok(())
    }
}
