//! Directories of sentence-transformers: an encoder and the modules after it.

mod dense;
mod modules;
mod pooling;
mod save;
mod transformer;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::de::DeserializeOwned;

use super::{ModelFiles, json};
use crate::{Encoder, ModelError, Pooling, SentenceConfig, SentenceEncoder};
use modules::{Modules, Step};
use transformer::Transformer;

/// The configuration files of a sentence encoder.
#[derive(Clone, Debug)]
pub struct SentenceDirectory {
    /// The directory with the encoder and its tokenizer.
    pub encoder: PathBuf,
    /// Whether texts are lowercased before tokenization.
    pub lowercase: bool,
    /// The maximum number of tokens in a text. Default: the tokenizer's maximum.
    pub max_len: Option<usize>,
    /// The maximum number of tokens in a query, if it differs.
    pub query_len: Option<usize>,
    /// The maximum number of tokens in a document, if it differs.
    pub document_len: Option<usize>,
    /// Whether the directory has a `modules.json`, as in sentence-transformers, rather than only an encoder.
    pub has_modules: bool,
    pooling: Vec<Pooling>,
    include_prompt: bool,
    steps: Vec<Step>,
    /// The adapter of the encoder.
    adapter: Option<PathBuf>,
}

impl SentenceDirectory {
    /// Reads `modules.json` and the configuration of each module. Without `modules.json`, the directory is treated as
    /// a plain encoder with mean pooling.
    ///
    /// # Errors
    /// If a file is missing or malformed, or has an unsupported module or option. The error names the file and the key.
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
                adapter: None,
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
            adapter: None,
        })
    }

    /// Sets the adapter of the encoder: a directory of PEFT. Default: none.
    pub fn with_adapter(self, adapter: Option<&Path>) -> Self {
        Self { adapter: adapter.map(Path::to_owned), ..self }
    }

    /// Loads the weights.
    ///
    /// # Errors
    /// If a file is missing or malformed, or the files do not match. The error names the file, and the tensor or key.
    pub fn load(&self, device: &Device) -> Result<SentenceEncoder, ModelError> {
        let mut files = ModelFiles::open(&self.encoder)?;
        if let Some(adapter) = &self.adapter {
            files = files.with_adapter(adapter)?;
        }
        let encoder = Encoder::from_files(&files, device)?;
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
    /// Loads a sentence-transformers directory: the encoder and its modules. Without `modules.json`, the directory is
    /// treated as a plain encoder with mean pooling.
    ///
    /// # Errors
    /// See [`SentenceDirectory::open`] and [`SentenceDirectory::load`].
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        SentenceDirectory::open(dir)?.load(device)
    }
}

/// Reads a JSON file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    let text = json::read_text(path)?;
    serde_json::from_str(&text).map_err(|source| ModelError::Json { path: path.to_owned(), source })
}

/// The error for an unsupported value.
fn wrong(path: &Path, key: &'static str, reason: impl Into<String>) -> ModelError {
    ModelError::Config { path: path.to_owned(), key, reason: reason.into() }
}
