//! Sequence classification.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use crosshead_kernels::{
    Activation, CrossEntropy, Linear, LinearConfig, LinearWeights, Mode, RandomKey, dropout,
    linear_cross_entropy_with, linears, r_drop,
};
use serde::{Deserialize, Serialize};

use super::{Pooling, default_labels};
use crate::Encoder;
use crate::tokens::{TokenBatch, id_tensor};

/// Sequence classification: one class, or a set of labels, for each row.
#[derive(Module, Debug)]
pub struct SequenceClassifier {
    /// The encoder.
    pub encoder: Encoder,
    /// The projection of the pooled vector, before the activation.
    pub pooler: Linear,
    /// Projects the pooled vector to the logits.
    pub classifier: Linear,
    #[module(skip)]
    head: ClassifierHead,
    #[module(skip)]
    labels: Vec<String>,
    #[module(skip)]
    problem_type: Option<ProblemType>,
}

linears!(SequenceClassifier { encoder, pooler, classifier });

/// How the logits of a classifier are interpreted: `problem_type` of `config.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemType {
    /// Each output is a number.
    Regression,
    /// One label per text; softmax gives the probabilities.
    SingleLabelClassification,
    /// Any number of labels per text; the sigmoid gives the probability of each.
    MultiLabelClassification,
}

impl ProblemType {
    /// The name in `config.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::SingleLabelClassification => "single_label_classification",
            Self::MultiLabelClassification => "multi_label_classification",
        }
    }
}

/// The configuration of the head of a [`SequenceClassifier`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierHead {
    /// The number of classes.
    pub n_classes: usize,
    /// The pooling of the token vectors.
    pub pooling: Pooling,
    /// The activation of the pooler.
    pub activation: PoolerActivation,
    /// The dropout probability of the pooled vector.
    pub dropout: f32,
}

/// The activation of the pooler.
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
    /// The head of BERT: first token, tanh, dropout of 0.1.
    pub fn new(n_classes: usize) -> Self {
        Self {
            n_classes,
            pooling: Pooling::First,
            activation: PoolerActivation::Tanh,
            dropout: 0.1,
        }
    }

    setters! {
        /// Sets the pooling of the token vectors (default: first token).
        with_pooling(pooling: Pooling);
        /// Sets the activation of the pooler (default: tanh).
        with_activation(activation: PoolerActivation);
        /// Sets the dropout probability of the pooled vector (default: 0.1).
        with_dropout(dropout: f32);
    }
}

impl SequenceClassifier {
    /// Adds the head to an encoder. Its weights are drawn from a fixed seed on first use, unless they are replaced
    /// before that. The labels are `LABEL_0`, `LABEL_1`, ….
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

    /// Sets the labels of the classes.
    ///
    /// # Panics
    /// If the number of labels is not the number of classes.
    pub fn with_labels(self, labels: Vec<String>) -> Self {
        let n_classes = self.head.n_classes;
        assert!(labels.len() == n_classes, "{} labels for {n_classes} classes", labels.len());
        Self { labels, ..self }
    }

    /// Sets how the logits are interpreted.
    pub fn with_problem_type(self, problem_type: Option<ProblemType>) -> Self {
        Self { problem_type, ..self }
    }

    /// How the logits are interpreted, if the model specifies it.
    pub fn problem_type(&self) -> Option<ProblemType> {
        self.problem_type
    }

    /// The labels of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The configuration of the head.
    pub fn head(&self) -> ClassifierHead {
        self.head
    }

    /// The logits of the classes.
    ///
    /// # Shapes
    /// - output: `[batch, n_classes]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn logits(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<2> {
        self.classifier.forward(self.pooled(tokens, types, mode), mode.stream("classifier"))
    }

    /// The cross-entropy of the classes, summed over rows, in nats.
    ///
    /// # Shapes
    /// - `classes`: `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn loss(
        &self,
        tokens: TokenBatch<'_>,
        types: Option<&[u32]>,
        classes: &[u32],
        options: impl Into<CrossEntropy>,
        mode: Mode,
    ) -> Tensor<1> {
        let bias = self.classifier.bias.as_ref().map(Param::val);
        linear_cross_entropy_with(
            self.pooled(tokens, types, mode),
            LinearWeights { weight: self.classifier.weight.val(), bias },
            id_tensor(classes, &self.encoder.device()),
            self.head.n_classes,
            options.into(),
        )
    }

    /// The loss of two forward passes with different dropout: see [`r_drop`].
    ///
    /// # Shapes
    /// - `classes`: `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn r_drop_loss(
        &self,
        tokens: TokenBatch<'_>,
        types: Option<&[u32]>,
        classes: &[u32],
        options: CrossEntropy,
        alpha: f64,
        mode: Mode,
    ) -> Tensor<1> {
        let logits = ["first", "second"].map(|pass| self.logits(tokens, types, mode.stream(pass)));
        let classes = id_tensor(classes, &self.encoder.device());
        r_drop(logits, classes, self.head.n_classes, options, alpha)
    }

    /// The input of the classifier, `[batch, d_model]`.
    fn pooled(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<2> {
        let states = self.encoder.forward(tokens, types, mode.stream("encoder"));
        let pooled = self.head.pooling.apply(states, tokens.lengths);
        let projected = self.pooler.forward(pooled, mode.stream("pooler"));
        let pooled = match self.head.activation {
            PoolerActivation::Tanh => projected.tanh(),
            PoolerActivation::Relu => Activation::Relu.apply(projected),
        };
        dropout(pooled, self.head.dropout, mode.stream("head"))
    }
}
