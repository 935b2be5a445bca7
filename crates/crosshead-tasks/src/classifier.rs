//! Labels for texts, by an encoder with a classification head.

use std::path::Path;

use burn::tensor::Device;
use crosshead_data::{LengthLimit, LongSequences};
use crosshead_kernels::Mode;
use crosshead_models::{SequenceClassifier, TokenBatch};
use crosshead_tokenize::{Tokenizer, pad_batch};

use crate::directory::check_vocabulary;
use crate::frame::softmax;
use crate::{Error, model_directory};

/// Texts that are classified together.
const BATCH: usize = 32;

/// Ids that a tokenizer puts before and behind a text.
const FRAME: (usize, usize) = (1, 1);

/// A label with its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The label.
    pub name: String,
    /// Its class, the number of the label.
    pub class: u32,
    /// Its probability.
    pub probability: f32,
}

/// What a classifier says of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classified {
    /// Every label, the most probable first.
    pub labels: Vec<Label>,
    /// Whether the text was longer than the model takes and only its beginning was read.
    pub truncated: bool,
}

/// A classifier with its tokenizer.
#[derive(Debug)]
pub struct Classifier {
    model: SequenceClassifier,
    tokenizer: Tokenizer,
}

impl Classifier {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory holds no classifier, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = SequenceClassifier::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.encoder.config().vocab_size)?;
        Ok(Self::new(model, tokenizer))
    }

    /// A classifier of parts; the model is outside autodiff.
    pub fn new(model: SequenceClassifier, tokenizer: Tokenizer) -> Self {
        Self { model, tokenizer }
    }

    /// The labels; class `i` is called `labels()[i]`.
    pub fn labels(&self) -> &[String] {
        self.model.labels()
    }

    /// Every label of each text with its probability, the most probable first; a blank text has them too.
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn classify(&self, texts: &[impl AsRef<str>]) -> Result<Vec<Classified>, Error> {
        self.classify_with(texts, |_| {})
    }

    /// As [`classify`](Self::classify); `progress` is told how many are done.
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn classify_with(
        &self,
        texts: &[impl AsRef<str>],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Classified>, Error> {
        let mut rows = Vec::with_capacity(texts.len());
        for text in texts {
            rows.push(self.encode(text.as_ref())?);
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // Texts of like length go together, so that little padding is computed.
        order.sort_by_key(|&i| rows[i].0.len());
        let mut classified = vec![Classified::default(); texts.len()];
        let mut done = 0;
        for batch in order.chunks(BATCH) {
            let ids: Vec<Vec<u32>> = batch.iter().map(|&i| rows[i].0.clone()).collect();
            let scores = self.scores(&ids);
            for (&i, scores) in batch.iter().zip(scores) {
                classified[i] = Classified { labels: self.ranked(&scores), truncated: rows[i].1 };
            }
            done += batch.len();
            progress(done);
        }
        Ok(classified)
    }

    /// A text's ids within their frame, and whether it had to be cut.
    fn encode(&self, text: &str) -> Result<(Vec<u32>, bool), Error> {
        let ids = self.tokenizer.encode_with_special(text)?;
        let (mut pieces, too_long) =
            limit(self.model.encoder.config().stack.max_len).apply(vec![ids]);
        Ok((pieces.pop().map(|piece| piece.ids).unwrap_or_default(), too_long > 0))
    }

    /// The classes' scores of each row.
    fn scores(&self, rows: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let batch = pad_batch(rows, self.model.encoder.config().pad_id);
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let scores = self.model.logits(tokens, None, Mode::Eval).into_data();
        let scores: Vec<f32> = scores.iter::<f32>().collect();
        scores.chunks(self.labels().len()).map(<[f32]>::to_vec).collect()
    }

    fn ranked(&self, scores: &[f32]) -> Vec<Label> {
        let probabilities = softmax(scores);
        let mut labels: Vec<Label> = (0..)
            .zip(self.labels().iter().zip(probabilities))
            .map(|(class, (name, probability))| Label { name: name.clone(), class, probability })
            .collect();
        labels.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        labels
    }
}

/// The most ids of a text, frame included; longer ones are cut.
pub fn limit(max_len: usize) -> LengthLimit {
    let (before, after) = FRAME;
    LengthLimit { max_len, long: LongSequences::Truncate, before, after }
}
