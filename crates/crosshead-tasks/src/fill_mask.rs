//! Filling masks with a masked language model.

use std::path::Path;

use burn::tensor::Device;
use crosshead_kernels::Mode;
use crosshead_models::{ComputeType, MaskedLm, ModelFiles, TokenBatch};
use crosshead_tokenize::{SpecialRole, Tokenizer, TruncatedEncoding, pad_batch};

use crate::directory::check_vocabulary;
use crate::softmax::softmax;
use crate::{TaskError, model_files};

/// Texts per batch.
const BATCH: usize = 32;

/// A token for a mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The token as text.
    pub text: String,
    /// The id of the token.
    pub id: u32,
    /// The probability of the token.
    pub probability: f32,
}

/// The predictions for a text with masks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// The most probable tokens for each mask, best first.
    pub masks: Vec<Vec<Guess>>,
    /// The text with each mask replaced by its best token.
    pub text: String,
    /// Whether the text exceeded the model's maximum length and was truncated at the end.
    pub truncated: bool,
}

/// A masked language model with its tokenizer.
#[derive(Debug)]
pub struct FillMask {
    model: MaskedLm,
    tokenizer: Tokenizer,
    mask_id: u32,
}

impl FillMask {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory contains no masked language model, its tokenizer has no mask token, or one of its files is missing or
    /// malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        Self::from_files(&model_files(dir.as_ref(), None)?, device)
    }

    /// Loads the model of these files; see [`model_files`](crate::model_files).
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if an adapter does not fit the model.
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, TaskError> {
        let dir = files.dir();
        let tokenizer = Tokenizer::from_dir(dir)?;
        let model = MaskedLm::from_files(files, device)?;
        check_vocabulary(dir, &tokenizer, model.encoder.config().vocab_size)?;
        Self::new(model, tokenizer)
    }

    /// Creates the task from a model outside autodiff and its tokenizer.
    ///
    /// # Errors
    /// If the tokenizer has no mask token.
    pub fn new(model: MaskedLm, tokenizer: Tokenizer) -> Result<Self, TaskError> {
        let mask_id = tokenizer.special().require(SpecialRole::Mask)?;
        Ok(Self { model, tokenizer, mask_id })
    }

    /// Sets the compute type of the model. Default: the type stored in the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        Self { model: compute_type.apply(self.model), ..self }
    }

    /// The model.
    pub fn model(&self) -> &MaskedLm {
        &self.model
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The id of the mask token.
    pub fn mask_id(&self) -> u32 {
        self.mask_id
    }

    /// The mask token, such as `[MASK]`.
    pub fn mask(&self) -> String {
        self.tokenizer.id_to_token(self.mask_id).unwrap_or_default()
    }

    /// Predicts the `top` most probable tokens for each mask of each text.
    ///
    /// # Errors
    /// If a text has no mask within the model's maximum length.
    pub fn fill(&self, texts: &[impl AsRef<str>], top: usize) -> Result<Vec<Filled>, TaskError> {
        let mut rows = Vec::with_capacity(texts.len());
        for text in texts {
            rows.push(self.encode(text.as_ref())?);
        }
        let mut filled = Vec::with_capacity(rows.len());
        for batch in rows.chunks(BATCH) {
            let ids: Vec<Vec<u32>> = batch.iter().map(|row| row.ids.clone()).collect();
            let padded = pad_batch(&ids, self.model.encoder.config().pad_id);
            let tokens = TokenBatch { ids: &padded.ids, lengths: &padded.lengths };
            let logits = self.model.logits(tokens, None, Mode::Eval).into_data();
            let logits: Vec<f32> = logits.iter::<f32>().collect();
            let vocab_size = self.model.encoder.config().vocab_size;
            for (TruncatedEncoding { ids, truncated }, logits) in
                batch.iter().zip(logits.chunks(padded.seq * vocab_size))
            {
                filled.push(self.fill_row(ids, logits, vocab_size, top, *truncated)?);
            }
        }
        Ok(filled)
    }

    fn fill_row(
        &self,
        ids: &[u32],
        logits: &[f32],
        vocab_size: usize,
        top: usize,
        truncated: bool,
    ) -> Result<Filled, TaskError> {
        let mut best = ids.to_vec();
        let mut masks = Vec::new();
        for (at, _) in ids.iter().enumerate().filter(|(_, id)| **id == self.mask_id) {
            let guesses = self.guesses(&logits[at * vocab_size..][..vocab_size], top.max(1))?;
            best[at] = guesses[0].id;
            masks.push(guesses);
        }
        Ok(Filled { masks, text: self.tokenizer.decode(&best)?, truncated })
    }

    /// The most probable tokens.
    fn guesses(&self, scores: &[f32], top: usize) -> Result<Vec<Guess>, TaskError> {
        let probabilities = softmax(scores);
        let mut ids: Vec<u32> = (0..scores.len() as u32).collect();
        ids.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
        ids.truncate(top);
        ids.into_iter()
            .map(|id| {
                let mut text = self.tokenizer.decode(&[id])?;
                if text.is_empty() {
                    // Decoding omits special tokens.
                    text = self.tokenizer.id_to_token(id).unwrap_or_default();
                }
                Ok(Guess { text, id, probability: probabilities[id as usize] })
            })
            .collect()
    }

    /// The ids of a text with special tokens, and whether it was truncated. The tokenizer finds the masks, since mask tokens may
    /// include the spaces around them.
    fn encode(&self, text: &str) -> Result<TruncatedEncoding, TaskError> {
        let max_len = self.model.encoder.config().stack.max_len;
        let encoding = self.tokenizer.encode_truncated(text, max_len)?;
        if encoding.ids.contains(&self.mask_id) {
            return Ok(encoding);
        }
        let reason = if self.tokenizer.encode(text)?.contains(&self.mask_id) {
            "all its masks are after the model's maximum length".to_owned()
        } else {
            format!("it has no {} to fill", self.mask())
        };
        Err(TaskError::NoMask { text: text.to_owned(), reason })
    }
}
