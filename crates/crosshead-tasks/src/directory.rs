//! Locating the model of a model or run directory, and its adapter.

use std::path::{Path, PathBuf};

use crosshead_models::ModelFiles;
use crosshead_tokenize::{TokenizeError, Tokenizer};

use crate::TaskError;

/// The files that mark a model directory. CTranslate2 directories before 3.0 have only the second, adapters of PEFT only the
/// third, and sentence-transformers directories with the encoder in a subfolder only the last.
const MODEL_FILES: [&str; 4] = ["config.json", "model.bin", "adapter_config.json", "modules.json"];

/// The files of the model in a model directory or run directory, with the adapter in another one, if given. An adapter may
/// also be in `dir` itself; its base model is then the one that it names.
///
/// # Errors
/// If one of the directories contains no model or adapter, or they do not belong together.
pub fn model_files(dir: &Path, adapter: Option<&Path>) -> Result<ModelFiles, TaskError> {
    let files = ModelFiles::open(&model_directory(dir)?)?;
    match adapter {
        Some(adapter) => Ok(files.with_adapter(&adapter_directory(adapter))?),
        None => Ok(files),
    }
}

/// The adapter directory: `dir`, or `dir/model` of a run directory.
pub(crate) fn adapter_directory(dir: &Path) -> PathBuf {
    let of_run = dir.join("model");
    if of_run.join("adapter_config.json").is_file() { of_run } else { dir.to_owned() }
}

/// The model directory: `dir` if it contains `config.json`, `model.bin`, `modules.json` or an adapter, or `dir/model` of a run directory or an
/// Argos package.
///
/// # Errors
/// If neither contains a model.
pub fn model_directory(dir: &Path) -> Result<PathBuf, TaskError> {
    let mut candidates = [dir.to_owned(), dir.join("model")].into_iter();
    let is_model = |dir: &PathBuf| MODEL_FILES.iter().any(|file| dir.join(file).is_file());
    candidates.find(is_model).ok_or_else(|| match hub_id(dir) {
        Some(id) if !dir.exists() => TaskError::HubId(id.to_owned()),
        _ => TaskError::NoModel(dir.to_owned()),
    })
}

/// The path as a Hugging Face Hub id, OWNER/NAME, if it has that form.
fn hub_id(path: &Path) -> Option<&str> {
    let id = path.to_str()?;
    let (owner, name) = id.split_once('/')?;
    let is_name = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && part.chars().all(allowed)
    };
    (is_name(owner) && is_name(name)).then_some(id)
}

/// Checks that all ids of a tokenizer are in the model's vocabulary.
///
/// # Errors
/// If the id of a token is outside the model's vocabulary.
pub(crate) fn check_vocabulary(
    dir: &Path,
    tokenizer: &Tokenizer,
    vocab_size: usize,
) -> Result<(), TaskError> {
    let mismatch = |source: TokenizeError| TaskError::Mismatch { dir: dir.to_owned(), source };
    tokenizer.check_fits(vocab_size).map_err(mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_ids_are_distinguished_from_paths() {
        for id in ["facebook/m2m100_418M", "sentence-transformers/all-MiniLM-L6-v2", "a/b.c"] {
            assert_eq!(hub_id(Path::new(id)), Some(id));
        }
        for path in ["t5-small", "./a/b", "../a", "/a/b", "a/b/c", "a/", "/a", "a b/c", "~/a", ""] {
            assert_eq!(hub_id(Path::new(path)), None, "{path}");
        }
    }
}
