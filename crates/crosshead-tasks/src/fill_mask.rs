//! Guesses for hidden words, by a masked language model.

use std::path::Path;

use burn::tensor::Device;
use crosshead_kernels::Mode;
use crosshead_models::{MaskedLm, TokenBatch};
use crosshead_tokenize::{SpecialRole, Tokenizer, TruncatedEncoding, pad_batch};

use crate::directory::check_vocabulary;
use crate::softmax::softmax;
use crate::{TaskError, model_directory};

/// Texts that are read together.
const BATCH: usize = 32;

/// A token that may stand at a mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The token as text.
    pub text: String,
    /// Its id.
    pub id: u32,
    /// Its probability.
    pub probability: f32,
}

/// What a model says of a text with masks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// For each mask the most probable tokens, the most probable first.
    pub masks: Vec<Vec<Guess>>,
    /// The text with the best token at each mask.
    pub text: String,
    /// Whether the text was longer than the model takes and only its beginning was read.
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
    /// If the directory holds no masked language model, its tokenizer has no mask, or a file is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = MaskedLm::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.encoder.config().vocab_size)?;
        Self::new(model, tokenizer)
    }

    /// From a model, which is outside autodiff, and its tokenizer.
    ///
    /// # Errors
    /// If the tokenizer has no mask.
    pub fn new(model: MaskedLm, tokenizer: Tokenizer) -> Result<Self, TaskError> {
        let mask_id = tokenizer.special().require(SpecialRole::Mask)?;
        Ok(Self { model, tokenizer, mask_id })
    }

    /// The model.
    pub fn model(&self) -> &MaskedLm {
        &self.model
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The id of the mask.
    pub fn mask_id(&self) -> u32 {
        self.mask_id
    }

    /// How a mask is written, such as `[MASK]`.
    pub fn mask(&self) -> String {
        self.tokenizer.id_to_token(self.mask_id).unwrap_or_default()
    }

    /// The `top` most probable tokens at each mask of each text.
    ///
    /// # Errors
    /// If a text has no mask that the model can read.
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
                    // A special token, which decoding leaves out.
                    text = self.tokenizer.id_to_token(id).unwrap_or_default();
                }
                Ok(Guess { text, id, probability: probabilities[id as usize] })
            })
            .collect()
    }

    /// A text's ids with special tokens around them, and whether it had to be cut. The tokenizer finds the masks: it may take
    /// the spaces around one as a part of it.
    fn encode(&self, text: &str) -> Result<TruncatedEncoding, TaskError> {
        let max_len = self.model.encoder.config().stack.max_len;
        let encoding = self.tokenizer.encode_truncated(text, max_len)?;
        if encoding.ids.contains(&self.mask_id) {
            return Ok(encoding);
        }
        let reason = if self.tokenizer.encode(text)?.contains(&self.mask_id) {
            "its masks lie beyond what the model reads".to_owned()
        } else {
            format!("it has no {}: write one where a word is to be guessed", self.mask())
        };
        Err(TaskError::NoMask { text: text.to_owned(), reason })
    }
}
