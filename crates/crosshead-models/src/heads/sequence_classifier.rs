//! Classification of whole rows.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use crosshead_kernels::{
    Activation, LabelSmoothing, Linear, LinearConfig, Mode, RandomKey, dropout,
    linear_cross_entropy,
};
use serde::{Deserialize, Serialize};

use super::{Pooling, default_labels};
use crate::Encoder;
use crate::tokens::{TokenBatch, id_tensor};

/// One class for a whole row.
#[derive(Module, Debug)]
pub struct SequenceClassifier {
    /// The encoder.
    pub encoder: Encoder,
    /// A projection of the pooled vector, followed by `activation`.
    pub pooler: Linear,
    /// From the pooled vector to the scores of the classes.
    pub classifier: Linear,
    #[module(skip)]
    head: ClassifierHead,
    #[module(skip)]
    labels: Vec<String>,
    #[module(skip)]
    problem_type: Option<ProblemType>,
}

/// What the scores of a classifier mean: `problem_type` of `config.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemType {
    /// Numbers.
    Regression,
    /// One label of several: softmax gives their probabilities.
    SingleLabelClassification,
    /// Any number of labels: the logistic function gives the probability of each.
    MultiLabelClassification,
}

impl ProblemType {
    /// Its name in `config.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::SingleLabelClassification => "single_label_classification",
            Self::MultiLabelClassification => "multi_label_classification",
        }
    }
}

/// What a [`SequenceClassifier`] does between encoder and classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierHead {
    /// The number of classes.
    pub n_classes: usize,
    /// How the vectors of a row become one.
    pub pooling: Pooling,
    /// What follows the pooler's projection.
    pub activation: PoolerActivation,
    /// The probability of dropping an element of the pooled vector.
    pub dropout: f32,
}

/// The function after the pooler's projection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolerActivation {
    /// tanh, as in BERT and RoBERTa.
    #[default]
    Tanh,
    /// max(0, x), as in DistilBERT.
    Relu,
}

impl ClassifierHead {
    /// BERT's head for `n_classes` classes: the first token, tanh, dropout of 0.1.
    pub fn new(n_classes: usize) -> Self {
        Self {
            n_classes,
            pooling: Pooling::First,
            activation: PoolerActivation::Tanh,
            dropout: 0.1,
        }
    }
}

impl SequenceClassifier {
    /// The head on an encoder; its own weights wait to be filled, and the classes have numbers for names.
    pub fn new(encoder: Encoder, head: ClassifierHead) -> Self {
        let (device, d_model) = (encoder.device(), encoder.config().stack.d_model);
        let linear = |d_out, name| {
            let key = RandomKey::new(0).stream(name);
            LinearConfig::new(d_model, d_out).with_key(key).init(&device)
        };
        Self {
            pooler: linear(d_model, "pooler"),
            classifier: linear(head.n_classes, "classifier"),
            encoder,
            labels: default_labels(head.n_classes),
            problem_type: None,
            head,
        }
    }

    /// The same model with names for its classes.
    ///
    /// # Panics
    /// If there are not as many names as classes.
    pub fn with_labels(self, labels: Vec<String>) -> Self {
        let n_classes = self.head.n_classes;
        assert!(labels.len() == n_classes, "{} labels for {n_classes} classes", labels.len());
        Self { labels, ..self }
    }

    /// The same model with another meaning of its scores.
    pub fn with_problem_type(self, problem_type: Option<ProblemType>) -> Self {
        Self { problem_type, ..self }
    }

    /// What the scores mean, if the model says so.
    pub fn problem_type(&self) -> Option<ProblemType> {
        self.problem_type
    }

    /// The name of each class.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What the head does.
    pub fn head(&self) -> ClassifierHead {
        self.head
    }

    /// The scores of the classes.
    ///
    /// # Shapes
    /// - output: `[batch, n_classes]`
    ///
    /// # Panics
    /// As [`Encoder::forward`].
    pub fn logits(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<2> {
        self.classifier.forward(self.pooled(tokens, types, mode))
    }

    /// The summed cross entropy of the rows' classes, in nats.
    ///
    /// # Shapes
    /// - `classes`: `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// As [`Encoder::forward`].
    pub fn loss(
        &self,
        tokens: TokenBatch<'_>,
        types: Option<&[u32]>,
        classes: &[u32],
        smoothing: LabelSmoothing,
        mode: Mode,
    ) -> Tensor<1> {
        linear_cross_entropy(
            self.pooled(tokens, types, mode),
            self.classifier.weight.val(),
            self.classifier.bias.as_ref().map(Param::val),
            id_tensor(classes, &self.encoder.device()),
            self.head.n_classes,
            smoothing,
        )
    }

    /// The vector of each row that meets the classes, `[batch, d_model]`.
    fn pooled(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<2> {
        let states = self.encoder.forward(tokens, types, mode.stream("encoder"));
        let projected = self.pooler.forward(self.head.pooling.apply(states, tokens.lengths));
        let pooled = match self.head.activation {
            PoolerActivation::Tanh => projected.tanh(),
            PoolerActivation::Relu => Activation::Relu.apply(projected),
        };
        dropout(pooled, self.head.dropout, mode.stream("head"))
    }
}
