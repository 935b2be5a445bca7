//! The original files of a tokenizer, for a fine-tuned model.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::TokenizeError;
use crate::files::{
    ADDED_TOKENS, CHAT_TEMPLATE, SPECIAL_TOKENS_MAP, TOKENIZER, TOKENIZER_CONFIG, read, write,
};

/// All files from which this crate or `transformers` may load a tokenizer.
const NAMES: [&str; 17] = [
    TOKENIZER,
    TOKENIZER_CONFIG,
    SPECIAL_TOKENS_MAP,
    ADDED_TOKENS,
    CHAT_TEMPLATE,
    "chat_template.json",
    "vocab.txt",
    "vocab.json",
    "target_vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "tokenizer.model",
    "spm.model",
    "source.spm",
    "target.spm",
    "bpe.codes",
];

/// The tokenizer files of a model directory, byte for byte, including settings that this crate does not use.
#[derive(Clone, Debug)]
pub struct TokenizerFiles(Vec<(&'static str, Vec<u8>)>);

impl TokenizerFiles {
    /// Reads the tokenizer files of a directory.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read(dir: &Path) -> Result<Self, TokenizeError> {
        let present = NAMES.into_iter().filter(|name| dir.join(name).is_file());
        let files: Result<_, _> = present.map(|name| Ok((name, read(&dir.join(name))?))).collect();
        files.map(Self)
    }

    /// Sets `src_lang` and `tgt_lang` in `tokenizer_config.json`, the default languages of the model.
    ///
    /// # Errors
    /// If `tokenizer_config.json` is malformed.
    pub fn with_languages(
        mut self,
        source: Option<&str>,
        target: Option<&str>,
    ) -> Result<Self, TokenizeError> {
        if self.0.iter().all(|(name, _)| *name != TOKENIZER_CONFIG) {
            self.0.push((TOKENIZER_CONFIG, b"{}".to_vec()));
        }
        let config = self.0.iter_mut().filter(|(name, _)| *name == TOKENIZER_CONFIG);
        for (name, contents) in config {
            let mut keys: Map<String, Value> = serde_json::from_slice(contents)
                .map_err(|source| TokenizeError::InvalidJson { path: (*name).into(), source })?;
            for (key, code) in [("src_lang", source), ("tgt_lang", target)] {
                if let Some(code) = code {
                    keys.insert(key.to_owned(), json!(code));
                }
            }
            *contents = format!("{:#}\n", Value::Object(keys)).into_bytes();
        }
        Ok(self)
    }

    /// Writes the files to an existing directory.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), TokenizeError> {
        self.0.iter().try_for_each(|(name, contents)| write(&dir.join(name), contents))
    }
}
