//! Directories of sentence-transformers: which modules follow an encoder.

mod dense;
mod modules;
mod pooling;
mod transformer;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::de::DeserializeOwned;

use super::json;
use crate::{Encoder, ModelError, Pooling, SentenceConfig, SentenceEncoder};
use modules::{Modules, Step};
use transformer::Transformer;

/// What the files of a sentence encoder say, before its weights are read.
#[derive(Clone, Debug)]
pub struct SentenceDirectory {
    /// The directory with the encoder and its tokenizer.
    pub encoder: PathBuf,
    /// Whether texts are in lowercase before they are tokenized.
    pub lowercase: bool,
    /// The most tokens of a text; without it, as the tokenizer says.
    pub max_len: Option<usize>,
    /// The most tokens of a query, where that is another number.
    pub query_len: Option<usize>,
    /// The most tokens of a document, where that is another number.
    pub document_len: Option<usize>,
    /// Whether the directory is one of sentence-transformers, with `modules.json`, and not that of an encoder alone.
    pub has_modules: bool,
    pooling: Vec<Pooling>,
    include_prompt: bool,
    steps: Vec<Step>,
}

impl SentenceDirectory {
    /// Reads what `modules.json` says, and the configuration of each module. Without `modules.json`, the directory is that
    /// of an encoder, whose vectors are averaged.
    ///
    /// # Errors
    /// If a file is missing or malformed, or asks for a module or an option that this crate does not have; the error names
    /// file and key.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join("modules.json");
        if !path.exists() {
            return Ok(Self {
                encoder: dir.to_owned(),
                lowercase: false,
                max_len: None,
                query_len: None,
                document_len: None,
                has_modules: false,
                pooling: vec![Pooling::Mean],
                include_prompt: true,
                steps: Vec::new(),
            });
        }
        let Modules { transformer: encoder, pooling, steps } = Modules::open(dir, &path)?;
        let transformer = Transformer::open(&encoder)?;
        let pooling = pooling::open(&pooling)?;
        Ok(Self {
            encoder,
            lowercase: transformer.lowercase,
            max_len: transformer.max_len,
            query_len: transformer.query_len,
            document_len: transformer.document_len,
            has_modules: true,
            pooling: pooling.modes,
            include_prompt: pooling.include_prompt,
            steps,
        })
    }

    /// Loads the weights.
    ///
    /// # Errors
    /// If a file is missing, malformed, or does not fit the others; the error names file and tensor or key.
    pub fn load(&self, device: &Device) -> Result<SentenceEncoder, ModelError> {
        let encoder = Encoder::from_pretrained(&self.encoder, device)?;
        let mut dim = self.pooling.len() * encoder.config().stack.d_model;
        let mut projections = Vec::new();
        for step in &self.steps {
            if let Step::Dense(dir) = step {
                let projection = dense::load(dir, dim, device)?;
                dim = projection.config().d_out;
                projections.push(projection);
            }
        }
        let config = SentenceConfig {
            pooling: self.pooling.clone(),
            include_prompt: self.include_prompt,
            steps: self.steps.iter().map(Step::kind).collect(),
        };
        Ok(SentenceEncoder::new(encoder, projections, config))
    }
}

impl SentenceEncoder {
    /// Loads a directory of sentence-transformers: the encoder and its modules. Without `modules.json`, the directory of an
    /// encoder, whose vectors are averaged.
    ///
    /// # Errors
    /// As [`SentenceDirectory::open`] and [`SentenceDirectory::load`].
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        SentenceDirectory::open(dir)?.load(device)
    }
}

/// Reads a JSON file.
fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    let text = json::read_text(path)?;
    serde_json::from_str(&text).map_err(|source| ModelError::Json { path: path.to_owned(), source })
}

/// The error of a key with a value that this crate does not follow.
fn wrong(path: &Path, key: &'static str, reason: impl Into<String>) -> ModelError {
    ModelError::Config { path: path.to_owned(), key, reason: reason.into() }
}
