//! Sentence embeddings.

mod settings;
mod similarity;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_kernels::Mode;
use crosshead_models::{
    ComputeType, Encoder, ModelFiles, SentenceDirectory, SentenceEncoder, TokenBatch,
};
use crosshead_tokenize::{SpecialRole, Tokenizer, pad_batch};

use crate::directory::{adapter_directory, check_vocabulary};
use crate::{TaskError, model_directory};
use settings::Settings;
pub use similarity::{Similarity, cosine};

/// The embedding of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// The vector.
    pub vector: Vec<f32>,
    /// Whether the sentence exceeded the model's maximum length and was truncated.
    pub truncated: bool,
}

/// The purpose of an embedding, which determines the prompt and the maximum length in some models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Symmetric similarity, with the model's default prompt, if it has one.
    #[default]
    Any,
    /// A search query, with the model's prompt `query`.
    Query,
    /// A document to be searched, with the model's prompt `document`.
    Document,
}

/// The text prepended to each sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompt<'a> {
    /// The model's prompt for the purpose.
    #[default]
    OfModel,
    /// A prompt of the model, by name.
    Named(&'a str),
    /// A custom text; empty for no prompt.
    Text(&'a str),
}

/// A sentence encoder with its tokenizer.
#[derive(Debug)]
pub struct Embedder {
    model: SentenceEncoder,
    tokenizer: Tokenizer,
    settings: Settings,
    limits: Limits,
    batch_size: usize,
}

/// Maximum number of tokens in a sentence, by purpose.
#[derive(Clone, Copy, Debug)]
struct Limits {
    any: usize,
    query: usize,
    document: usize,
}

impl Embedder {
    /// Loads a sentence-transformers directory, or the directory of a plain encoder, which gets mean pooling.
    ///
    /// # Errors
    /// If the directory contains no model, or one of its files is missing, malformed or requires an unsupported feature.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        Self::with_adapter(dir, None, device)
    }

    /// [`from_pretrained`](Self::from_pretrained) with an adapter of the encoder, a directory of PEFT, if given.
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if the adapter does not fit the encoder.
    pub fn with_adapter(
        dir: impl AsRef<Path>,
        adapter: Option<&Path>,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let dir = sentence_directory(dir.as_ref())?;
        let adapter = adapter.map(adapter_directory);
        let directory = SentenceDirectory::open(&dir)?.with_adapter(adapter.as_deref());
        // Without `modules.json`, sentence-transformers treats the directory as an encoder and ignores the settings.
        let settings =
            if directory.has_modules { Settings::read(&dir)? } else { Settings::default() };
        let mut tokenizer = Tokenizer::from_dir(ModelFiles::open(&directory.encoder)?.dir())?;
        if directory.lowercase {
            tokenizer = tokenizer.with_lowercase()?;
        }
        let model = directory.load(device)?;
        check_vocabulary(&directory.encoder, &tokenizer, model.encoder.config().vocab_size)?;
        let embedder = Self::new(model, tokenizer);
        let positions = embedder.limits.any;
        let any = directory.max_len.map_or(positions, |limit| limit.min(embedder.positions()));
        let of = |limit: Option<usize>| limit.map_or(any, |limit| limit.min(embedder.positions()));
        let limits =
            Limits { any, query: of(directory.query_len), document: of(directory.document_len) };
        Ok(Self { settings, limits, ..embedder })
    }

    /// An embedder from a model outside autodiff and its tokenizer, without prompts.
    pub fn new(model: SentenceEncoder, tokenizer: Tokenizer) -> Self {
        let positions = model.encoder.config().stack.max_len;
        let limit = tokenizer.model_max_length().map_or(positions, |limit| limit.min(positions));
        Self {
            model,
            tokenizer,
            settings: Settings::default(),
            limits: Limits { any: limit, query: limit, document: limit },
            batch_size: 32,
        }
    }

    /// Sets the compute type of the model. Default: the type stored in the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        Self { model: compute_type.apply(self.model), ..self }
    }

    /// Sets the maximum number of tokens of a sentence; longer ones are truncated. Default: that of the model's files, or the
    /// number of positions.
    pub fn with_max_len(self, max_len: usize) -> Self {
        let limit = max_len.min(self.positions());
        Self { limits: Limits { any: limit, query: limit, document: limit }, ..self }
    }

    /// Sets the number of sentences per batch, which affects only the last bits of the vectors. Default: 32.
    pub fn with_batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// Number of features in a vector.
    pub fn dim(&self) -> usize {
        let dim = self.model.dim();
        self.settings.truncate_dim.map_or(dim, |truncated| truncated.min(dim))
    }

    /// The similarity function of the model.
    pub fn similarity(&self) -> Similarity {
        self.settings.similarity
    }

    /// Embeds each sentence, with the model's default prompt.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a sentence.
    pub fn embed(&self, sentences: &[impl AsRef<str> + Sync]) -> Result<Vec<Vec<f32>>, TaskError> {
        let embeddings = self.embed_with(sentences, Purpose::Any, Prompt::OfModel, |_| {})?;
        Ok(embeddings.into_iter().map(|embedding| embedding.vector).collect())
    }

    /// Like [`embed`](Self::embed), for a purpose and with a prompt; `progress` is called with the number of embedded sentences after
    /// each batch.
    ///
    /// # Errors
    /// If the model has no prompt with this name, or a component of the tokenizer fails on a sentence.
    pub fn embed_with(
        &self,
        sentences: &[impl AsRef<str> + Sync],
        purpose: Purpose,
        prompt: Prompt<'_>,
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Embedding>, TaskError> {
        let limit = match purpose {
            Purpose::Any => self.limits.any,
            Purpose::Query => self.limits.query,
            Purpose::Document => self.limits.document,
        };
        let prompt = self.settings.prompt(purpose, prompt)?;
        let prompt_len = if prompt.is_empty() { 0 } else { self.prompt_len(prompt)? };
        let mut rows = if prompt.is_empty() {
            self.tokenizer.encode_batch_truncated(sentences, limit)?
        } else {
            let with_prompt = |text: &_| format!("{prompt}{}", AsRef::<str>::as_ref(text));
            let texts: Vec<String> = sentences.iter().map(with_prompt).collect();
            self.tokenizer.encode_batch_truncated(&texts, limit)?
        };
        let mut embeddings: Vec<Embedding> = rows
            .iter()
            .map(|row| Embedding { vector: Vec::new(), truncated: row.truncated })
            .collect();
        // Batches of similar length need little padding.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&i| rows[i].ids.len());
        for (number, batch) in order.chunks(self.batch_size.max(1)).enumerate() {
            let batch_rows: Vec<Vec<u32>> =
                batch.iter().map(|&i| std::mem::take(&mut rows[i].ids)).collect();
            for (&i, vector) in batch.iter().zip(self.vectors(&batch_rows, prompt_len)) {
                embeddings[i].vector = vector;
            }
            progress(number * self.batch_size.max(1) + batch.len());
        }
        Ok(embeddings)
    }

    /// The encoder, its tokenizer and the maximum number of tokens of a sentence.
    pub(crate) fn into_encoder(self) -> (Encoder, Tokenizer, usize) {
        (self.model.encoder, self.tokenizer, self.limits.any)
    }

    /// The maximum length of the encoder.
    fn positions(&self) -> usize {
        self.model.encoder.config().stack.max_len
    }

    /// The number of tokens of a prompt, including leading special tokens but not a trailing one.
    fn prompt_len(&self, prompt: &str) -> Result<usize, TaskError> {
        let ids = self.tokenizer.encode_truncated(prompt, self.limits.any)?.ids;
        let special = self.tokenizer.special();
        let is_special =
            |id: &u32| SpecialRole::ALL.iter().any(|&role| special.get(role) == Some(*id));
        Ok(ids.len() - usize::from(ids.last().is_some_and(is_special)))
    }

    fn vectors(&self, rows: &[Vec<u32>], prompt_len: usize) -> Vec<Vec<f32>> {
        let batch = pad_batch(rows, self.model.encoder.config().pad_id);
        if batch.seq == 0 {
            return vec![vec![0.0; self.dim()]; rows.len()];
        }
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let vectors = self.model.forward(tokens, prompt_len, Mode::Eval);
        let values: Vec<f32> = vectors.into_data().iter().collect();
        values.chunks(self.model.dim()).map(|vector| vector[..self.dim()].to_vec()).collect()
    }
}

/// The directory itself if it contains `modules.json`; otherwise the model directory.
fn sentence_directory(dir: &Path) -> Result<PathBuf, TaskError> {
    if dir.join("modules.json").is_file() { Ok(dir.to_owned()) } else { model_directory(dir) }
}
