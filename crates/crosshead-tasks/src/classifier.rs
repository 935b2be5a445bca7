//! Labels for texts, by an encoder with a classification head.

use std::path::Path;

use burn::tensor::Device;
use crosshead_kernels::Mode;
use crosshead_models::{ProblemType, SequenceClassifier, TokenBatch};
use crosshead_tokenize::{Tokenizer, pad_batch};

use crate::directory::check_vocabulary;
use crate::softmax::softmax;
use crate::{TaskError, model_directory};

/// Texts that are classified together.
const BATCH: usize = 32;

/// A label with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The label.
    pub name: String,
    /// Its class, the number of the label.
    pub class: u32,
    /// Its probability, or with [`ScoreFunction::None`] what the model gives.
    pub score: f32,
}

/// What turns the numbers that a model gives for a text into the scores of its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreFunction {
    /// Probabilities of which one label is right: they sum to 1.
    Softmax,
    /// The logistic function: the probability of each label for itself.
    Sigmoid,
    /// The numbers as they are.
    None,
}

impl ScoreFunction {
    /// Its name, as in `transformers`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Sigmoid => "sigmoid",
            Self::None => "none",
        }
    }

    /// What `transformers` applies to a model's numbers where nothing else is asked for.
    pub fn of(model: &SequenceClassifier) -> Self {
        match model.problem_type() {
            Some(ProblemType::Regression) => Self::None,
            Some(ProblemType::MultiLabelClassification) => Self::Sigmoid,
            Some(ProblemType::SingleLabelClassification) | None => {
                if model.labels().len() == 1 {
                    Self::Sigmoid
                } else {
                    Self::Softmax
                }
            }
        }
    }

    fn apply(self, numbers: &[f32]) -> Vec<f32> {
        match self {
            Self::Softmax => softmax(numbers),
            Self::Sigmoid => numbers.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
            Self::None => numbers.to_vec(),
        }
    }
}

/// What a classifier says of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classified {
    /// Every label, that with the highest score first.
    pub labels: Vec<Label>,
    /// Whether the text was longer than the model takes and only its beginning was read.
    pub truncated: bool,
}

/// A classifier with its tokenizer.
#[derive(Debug)]
pub struct Classifier {
    model: SequenceClassifier,
    tokenizer: Tokenizer,
    function: ScoreFunction,
}

impl Classifier {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory holds no classifier, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = SequenceClassifier::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.encoder.config().vocab_size)?;
        Ok(Self::new(model, tokenizer))
    }

    /// From a model, which is outside autodiff, and its tokenizer.
    pub fn new(model: SequenceClassifier, tokenizer: Tokenizer) -> Self {
        Self { function: ScoreFunction::of(&model), model, tokenizer }
    }

    /// The same classifier with other scores.
    pub fn with_function(self, function: ScoreFunction) -> Self {
        Self { function, ..self }
    }

    /// What turns the model's numbers into scores: by default what its `problem_type` asks for.
    pub fn function(&self) -> ScoreFunction {
        self.function
    }

    /// What the model's scores stand for, if it says so.
    pub fn problem_type(&self) -> Option<ProblemType> {
        self.model.problem_type()
    }

    /// The labels; class `i` is called `labels()[i]`.
    pub fn labels(&self) -> &[String] {
        self.model.labels()
    }

    /// Every label of each text with its score, the highest first; a blank text has them too.
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn classify(&self, texts: &[impl AsRef<str>]) -> Result<Vec<Classified>, TaskError> {
        self.classify_with(texts, |_| {})
    }

    /// As [`classify`](Self::classify); `progress` is called with the number that are done.
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn classify_with(
        &self,
        texts: &[impl AsRef<str>],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Classified>, TaskError> {
        let max_len = self.model.encoder.config().stack.max_len;
        let mut rows = Vec::with_capacity(texts.len());
        for text in texts {
            rows.push(self.tokenizer.encode_truncated(text.as_ref(), max_len)?);
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // Texts of like length go together, so that little padding is computed.
        order.sort_by_key(|&i| rows[i].ids.len());
        let mut classified = vec![Classified::default(); texts.len()];
        let mut done = 0;
        for batch in order.chunks(BATCH) {
            let ids: Vec<Vec<u32>> = batch.iter().map(|&i| rows[i].ids.clone()).collect();
            let scores = self.numbers(&ids);
            for (&i, numbers) in batch.iter().zip(scores) {
                classified[i] =
                    Classified { labels: self.ranked(&numbers), truncated: rows[i].truncated };
            }
            done += batch.len();
            progress(done);
        }
        Ok(classified)
    }

    /// The numbers that the model gives for the classes of each row.
    fn numbers(&self, rows: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let batch = pad_batch(rows, self.model.encoder.config().pad_id);
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let scores = self.model.logits(tokens, None, Mode::Eval).into_data();
        let scores: Vec<f32> = scores.iter::<f32>().collect();
        scores.chunks(self.labels().len()).map(<[f32]>::to_vec).collect()
    }

    fn ranked(&self, numbers: &[f32]) -> Vec<Label> {
        let scores = self.function.apply(numbers);
        let mut labels: Vec<Label> = (0..)
            .zip(self.labels().iter().zip(scores))
            .map(|(class, (name, score))| Label { name: name.clone(), class, score })
            .collect();
        labels.sort_by(|a, b| b.score.total_cmp(&a.score));
        labels
    }
}
