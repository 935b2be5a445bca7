//! Text classification with an encoder.

use std::path::Path;

use burn::tensor::Device;
use crosshead_kernels::Mode;
use crosshead_models::{ComputeType, ModelFiles, ProblemType, SequenceClassifier, TokenBatch};
use crosshead_tokenize::{PairEncoding, Tokenizer, TruncatedEncoding, pad_batch};

use crate::directory::check_vocabulary;
use crate::softmax::softmax;
use crate::{Domain, TaskError, model_files};

/// Texts per batch.
const BATCH: usize = 32;

/// Two texts that are classified together, such as a premise and a hypothesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPair {
    /// The first text.
    pub first: String,
    /// The second text.
    pub second: String,
}

/// A label with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The name of the label.
    pub name: String,
    /// The index of the class.
    pub class: u32,
    /// The score: the logit after the [`ScoreFunction`].
    pub score: f32,
}

/// The function that maps logits to scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreFunction {
    /// Softmax: the probabilities of mutually exclusive labels, which sum to 1.
    Softmax,
    /// Sigmoid: an independent probability of each label.
    Sigmoid,
    /// The logits unchanged.
    None,
}

impl ScoreFunction {
    /// Its name in transformers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Sigmoid => "sigmoid",
            Self::None => "none",
        }
    }

    /// The default function of transformers for a model.
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

    fn apply(self, logits: &[f32]) -> Vec<f32> {
        match self {
            Self::Softmax => softmax(logits),
            Self::Sigmoid => logits.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
            Self::None => logits.to_vec(),
        }
    }
}

/// The classification of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classified {
    /// All labels, highest score first.
    pub labels: Vec<Label>,
    /// Whether the text exceeded the model's maximum length and was truncated at the end.
    pub truncated: bool,
}

/// An encoder with a classification head, with its tokenizer.
#[derive(Debug)]
pub struct Classifier {
    model: SequenceClassifier,
    tokenizer: Tokenizer,
    function: ScoreFunction,
    domain: Option<Domain>,
}

impl Classifier {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory contains no classifier, or one of its files is missing or malformed.
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
        let model = SequenceClassifier::from_files(files, device)?;
        check_vocabulary(dir, &tokenizer, model.encoder.config().vocab_size)?;
        Ok(Self { domain: Domain::from_dir(dir)?, ..Self::new(model, tokenizer) })
    }

    /// A classifier from a model outside autodiff and its tokenizer.
    pub fn new(model: SequenceClassifier, tokenizer: Tokenizer) -> Self {
        Self { function: ScoreFunction::of(&model), model, tokenizer, domain: None }
    }

    /// Sets the compute type of the model. Default: the type stored in the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        Self { model: compute_type.apply(self.model), ..self }
    }

    /// Sets the function that maps logits to scores. The default depends on the model's `problem_type`; see
    /// [`ScoreFunction::of`].
    pub fn with_function(self, function: ScoreFunction) -> Self {
        Self { function, ..self }
    }

    /// The function that maps logits to scores.
    pub fn function(&self) -> ScoreFunction {
        self.function
    }

    /// The `problem_type` of the model, if its configuration has one.
    pub fn problem_type(&self) -> Option<ProblemType> {
        self.model.problem_type()
    }

    /// The names of the labels, indexed by class.
    pub fn labels(&self) -> &[String] {
        self.model.labels()
    }

    /// What the model was trained on, if its files say so.
    pub fn domain(&self) -> Option<&Domain> {
        self.domain.as_ref()
    }

    /// Whether a text is far from what the model was trained on, according to its [`domain`](Self::domain).
    ///
    /// # Errors
    /// If the tokenizer fails on the text.
    pub fn is_far(&self, text: &str, classified: &Classified) -> Result<bool, TaskError> {
        let Some(domain) = &self.domain else { return Ok(false) };
        let score = classified.labels.first().map_or(0.0, |label| label.score);
        domain.is_far(text, score, &self.tokenizer)
    }

    /// Classifies each text, including blank ones.
    ///
    /// For pairs of texts see [`classify_pairs_with`](Self::classify_pairs_with).
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn classify(&self, texts: &[impl AsRef<str>]) -> Result<Vec<Classified>, TaskError> {
        self.classify_with(texts, |_| {})
    }

    /// Like [`classify`](Self::classify); `progress` is called with the number of classified texts after each batch.
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn classify_with(
        &self,
        texts: &[impl AsRef<str>],
        progress: impl FnMut(usize),
    ) -> Result<Vec<Classified>, TaskError> {
        let row = |text: &_| {
            let text = AsRef::<str>::as_ref(text);
            let TruncatedEncoding { ids, truncated } =
                self.tokenizer.encode_truncated(text, self.max_len())?;
            Ok(PairEncoding { ids, types: Vec::new(), truncated })
        };
        let rows: Result<Vec<PairEncoding>, TaskError> = texts.iter().map(row).collect();
        Ok(self.classify_rows(rows?, progress))
    }

    /// Classifies each pair of texts, which the tokenizer's template joins, as in `[CLS] first [SEP] second [SEP]` with a token
    /// type for each text; `progress` is called with the number of classified pairs after each batch.
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn classify_pairs_with(
        &self,
        pairs: &[TextPair],
        progress: impl FnMut(usize),
    ) -> Result<Vec<Classified>, TaskError> {
        let row = |TextPair { first, second }: &TextPair| {
            self.tokenizer.encode_pair_truncated(first, second, self.max_len())
        };
        let rows: Result<Vec<PairEncoding>, _> = pairs.iter().map(row).collect();
        Ok(self.classify_rows(rows?, progress))
    }

    /// Maximum number of tokens of a text or a pair.
    fn max_len(&self) -> usize {
        self.model.encoder.config().stack.max_len
    }

    fn classify_rows(
        &self,
        rows: Vec<PairEncoding>,
        mut progress: impl FnMut(usize),
    ) -> Vec<Classified> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // Batches of similar length need little padding.
        order.sort_by_key(|&i| rows[i].ids.len());
        let mut classified = vec![Classified::default(); rows.len()];
        let mut done = 0;
        for batch in order.chunks(BATCH) {
            let of_batch: Vec<&PairEncoding> = batch.iter().map(|&i| &rows[i]).collect();
            for (&i, logits) in batch.iter().zip(self.logits(&of_batch)) {
                classified[i] =
                    Classified { labels: self.ranked(&logits), truncated: rows[i].truncated };
            }
            done += batch.len();
            progress(done);
        }
        classified
    }

    /// The logits of the classes for each row.
    fn logits(&self, rows: &[&PairEncoding]) -> Vec<Vec<f32>> {
        let config = self.model.encoder.config();
        let padded = |values: fn(&PairEncoding) -> &Vec<u32>, pad| {
            let rows: Vec<Vec<u32>> = rows.iter().map(|row| values(row).clone()).collect();
            pad_batch(&rows, pad)
        };
        let batch = padded(|row| &row.ids, config.pad_id);
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let types = padded(|row| &row.types, 0).ids;
        // Without types the tokens are all of type 0; a model with one type has no others.
        let types = (!types.is_empty() && config.n_token_types > 1).then_some(&types[..]);
        let logits = self.model.logits(tokens, types, Mode::Eval).into_data();
        let logits: Vec<f32> = logits.iter::<f32>().collect();
        logits.chunks(self.labels().len()).map(<[f32]>::to_vec).collect()
    }

    fn ranked(&self, logits: &[f32]) -> Vec<Label> {
        let scores = self.function.apply(logits);
        let mut labels: Vec<Label> = (0..)
            .zip(self.labels().iter().zip(scores))
            .map(|(class, (name, score))| Label { name: name.clone(), class, score })
            .collect();
        labels.sort_by(|a, b| b.score.total_cmp(&a.score));
        labels
    }
}
