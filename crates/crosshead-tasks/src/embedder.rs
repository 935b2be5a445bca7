//! Vectors of sentences.

use std::path::Path;

use burn::tensor::Device;
use crosshead_kernels::Mode;
use crosshead_models::{SentenceEncoder, TokenBatch};
use crosshead_tokenize::{Tokenizer, pad_batch, truncate};

use crate::directory::check_vocabulary;
use crate::{Error, model_directory};

/// A sentence's vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// The vector.
    pub vector: Vec<f32>,
    /// Whether the sentence was longer than the model takes and only its beginning was looked at.
    pub truncated: bool,
}

/// A sentence encoder with its tokenizer.
#[derive(Debug)]
pub struct Embedder {
    model: SentenceEncoder,
    tokenizer: Tokenizer,
    batch_size: usize,
}

impl Embedder {
    /// Loads a directory of sentence-transformers, or the directory of an encoder, whose vectors are then averaged.
    ///
    /// # Errors
    /// If the directory holds no model, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = SentenceEncoder::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.encoder.config().vocab_size)?;
        Ok(Self::new(model, tokenizer))
    }

    /// An embedder of parts; the model is outside autodiff.
    pub fn new(model: SentenceEncoder, tokenizer: Tokenizer) -> Self {
        Self { model, tokenizer, batch_size: 32 }
    }

    /// The same embedder with another number of sentences computed together, on which vectors depend in their last bits
    /// alone.
    pub fn with_batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// Features of a vector.
    pub fn dim(&self) -> usize {
        self.model.dim()
    }

    /// The vector of each sentence.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a sentence.
    pub fn embed(&self, sentences: &[impl AsRef<str> + Sync]) -> Result<Vec<Vec<f32>>, Error> {
        let embeddings = self.embed_with(sentences, |_| {})?;
        Ok(embeddings.into_iter().map(|embedding| embedding.vector).collect())
    }

    /// The vector of each sentence, and whether it was cut; `progress` is told how many are done.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a sentence.
    pub fn embed_with(
        &self,
        sentences: &[impl AsRef<str> + Sync],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Embedding>, Error> {
        let mut rows = self.tokenizer.encode_batch(sentences)?;
        let mut embeddings: Vec<Embedding> = rows
            .iter_mut()
            .map(|ids| Embedding { vector: Vec::new(), truncated: self.cut(ids) })
            .collect();
        // Sentences of like length are computed together, so that little padding is.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&i| rows[i].len());
        for (number, batch) in order.chunks(self.batch_size.max(1)).enumerate() {
            let batch_rows: Vec<Vec<u32>> =
                batch.iter().map(|&i| std::mem::take(&mut rows[i])).collect();
            for (&i, vector) in batch.iter().zip(self.vectors(&batch_rows)) {
                embeddings[i].vector = vector;
            }
            progress(number * self.batch_size.max(1) + batch.len());
        }
        Ok(embeddings)
    }

    /// Cuts a sentence to what the model takes; whether that was needed.
    fn cut(&self, ids: &mut Vec<u32>) -> bool {
        let (max_len, special) = (self.model.config().max_len, self.tokenizer.special());
        let is_long = ids.len() > max_len;
        match special.sep.or(special.eos) {
            Some(end) => truncate(ids, max_len, end),
            None => ids.truncate(max_len),
        }
        is_long
    }

    fn vectors(&self, rows: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let batch = pad_batch(rows, self.model.encoder.config().pad_id);
        if batch.seq == 0 {
            return vec![vec![0.0; self.dim()]; rows.len()];
        }
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let values: Vec<f32> = self.model.forward(tokens, Mode::Eval).into_data().iter().collect();
        values.chunks(self.dim()).map(<[f32]>::to_vec).collect()
    }
}

/// The cosine of the angle between two vectors: 1 for the same direction, 0 for none in common.
///
/// # Panics
/// If they do not have the same number of features.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.len() == b.len(), "vectors of {} and {} features", a.len(), b.len());
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
    };
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms == 0.0 { 0.0 } else { (dot(a, b) / norms) as f32 }
}
