//! Vocabulary files: a JSON list of tokens, or one token per line, in the order of their ids.

use std::path::{Path, PathBuf};

use crate::ModelError;
use crate::pretrained::json::read_text;

/// The tokens, indexed by id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Vocabulary {
    path: PathBuf,
    tokens: Vec<String>,
}

impl Vocabulary {
    /// The vocabulary shared by encoder and decoder.
    ///
    /// # Errors
    /// If the file is missing or malformed, or source and target differ.
    pub(super) fn shared(dir: &Path) -> Result<Self, ModelError> {
        if let Some(shared) = Self::find(dir, "shared_vocabulary")? {
            return Ok(shared);
        }
        let target = Self::require(dir, "target_vocabulary")?;
        let source = Self::require(dir, "source_vocabulary")?;
        if source.tokens == target.tokens {
            return Ok(target);
        }
        let reason = format!(
            "differs from {}: source and target must share one vocabulary",
            target.path.display()
        );
        Err(wrong(&source.path, "the vocabulary", reason))
    }

    /// The vocabulary of a causal language model.
    ///
    /// # Errors
    /// If the file is missing or malformed.
    pub(super) fn of_decoder(dir: &Path) -> Result<Self, ModelError> {
        match Self::find(dir, "vocabulary")? {
            Some(vocabulary) => Ok(vocabulary),
            None => Self::require(dir, "shared_vocabulary"),
        }
    }

    /// The id of a token.
    pub(super) fn id(&self, token: &str) -> Option<u32> {
        self.tokens.iter().position(|known| known == token).map(|id| id as u32)
    }

    /// The id of the token that `config.json` specifies under a key.
    ///
    /// # Errors
    /// If the token is not in the vocabulary.
    pub(super) fn require_id(&self, key: &str, token: &str) -> Result<u32, ModelError> {
        let missing = || wrong(&self.path, key, format!("`{token}` is not in the vocabulary"));
        self.id(token).ok_or_else(missing)
    }

    /// Checks that the vocabulary is not larger than the embedding.
    ///
    /// # Errors
    /// If it is.
    pub(super) fn check_fits(&self, n_embeddings: usize) -> Result<(), ModelError> {
        let n = self.tokens.len();
        if n <= n_embeddings {
            return Ok(());
        }
        let reason = format!("{n} tokens, but model.bin has embeddings of {n_embeddings}");
        Err(wrong(&self.path, "the vocabulary", reason))
    }

    fn require(dir: &Path, name: &str) -> Result<Self, ModelError> {
        let path = dir.join(format!("{name}.json"));
        let absent = || ModelError::io(&path)(std::io::ErrorKind::NotFound.into());
        Self::find(dir, name)?.ok_or_else(absent)
    }

    fn find(dir: &Path, name: &str) -> Result<Option<Self>, ModelError> {
        let path = dir.join(format!("{name}.json"));
        if path.is_file() {
            let tokens = serde_json::from_str(&read_text(&path)?)
                .map_err(|source| ModelError::Json { path: path.clone(), source })?;
            return Ok(Some(Self { path, tokens }));
        }
        let path = dir.join(format!("{name}.txt"));
        if path.is_file() {
            let text = read_text(&path)?;
            // Like CTranslate2: a carriage return is part of the token unless every line ends with one.
            let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
            let all_end = lines.iter().all(|line| line.ends_with('\r'));
            let token = |line: &&str| {
                line.strip_suffix('\r').filter(|_| all_end).unwrap_or(line).to_owned()
            };
            return Ok(Some(Self { path, tokens: lines.iter().map(token).collect() }));
        }
        Ok(None)
    }
}

fn wrong(path: &Path, key: &str, reason: String) -> ModelError {
    ModelError::Key { path: path.to_owned(), key: key.to_owned(), reason }
}
