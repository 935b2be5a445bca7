//! Where the model of a model or run directory lies, and whether its parts fit.

use std::path::{Path, PathBuf};

use crosshead_tokenize::{TokenizeError, Tokenizer};

use crate::Error;

/// The model directory that `dir` is (with `config.json`) or, as a run directory, holds (under `model/`).
///
/// # Errors
/// If there is no model.
pub fn model_directory(dir: &Path) -> Result<PathBuf, Error> {
    [dir.to_owned(), dir.join("model")]
        .into_iter()
        .find(|dir| dir.join("config.json").is_file())
        .ok_or_else(|| Error::NoModel(dir.to_owned()))
}

/// Checks that a directory's tokenizer gives no id that its model does not know.
///
/// # Errors
/// If a token has no place in the model's vocabulary.
pub(crate) fn check_vocabulary(
    dir: &Path,
    tokenizer: &Tokenizer,
    vocab_size: usize,
) -> Result<(), Error> {
    let mismatch = |source: TokenizeError| Error::Mismatch { dir: dir.to_owned(), source };
    tokenizer.check_fits(vocab_size).map_err(mismatch)
}
