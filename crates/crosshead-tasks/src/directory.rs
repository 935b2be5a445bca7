//! Where the model of a model or run directory lies, and whether its parts fit.

use std::path::{Path, PathBuf};

use crosshead_tokenize::{TokenizeError, Tokenizer};

use crate::TaskError;

/// The model directory that `dir` is (with `config.json`) or, as a run directory, holds (under `model/`).
///
/// # Errors
/// If there is no model.
pub fn model_directory(dir: &Path) -> Result<PathBuf, TaskError> {
    let mut places = [dir.to_owned(), dir.join("model")].into_iter();
    places.find(|dir| dir.join("config.json").is_file()).ok_or_else(|| match hub_id(dir) {
        Some(id) if !dir.exists() => TaskError::HubId(id.to_owned()),
        _ => TaskError::NoModel(dir.to_owned()),
    })
}

/// The path as an id of the Hugging Face Hub, OWNER/NAME, if it has the form of one.
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

/// Checks that a directory's tokenizer gives no id that its model does not know.
///
/// # Errors
/// If a token has no place in the model's vocabulary.
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
    fn an_id_of_the_hub_is_told_from_a_path() {
        for id in ["facebook/m2m100_418M", "sentence-transformers/all-MiniLM-L6-v2", "a/b.c"] {
            assert_eq!(hub_id(Path::new(id)), Some(id));
        }
        for path in ["t5-small", "./a/b", "../a", "/a/b", "a/b/c", "a/", "/a", "a b/c", "~/a", ""] {
            assert_eq!(hub_id(Path::new(path)), None, "{path}");
        }
    }
}
