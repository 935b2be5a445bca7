//! Token classification.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use crosshead_kernels::{
    CrossEntropy, Linear, LinearConfig, LinearWeights, Mode, RandomKey, dropout,
    linear_cross_entropy_with, linears,
};

use super::default_labels;
use crate::Encoder;
use crate::tokens::{TokenBatch, id_tensor};

/// Token classification: one class for each token.
#[derive(Module, Debug)]
pub struct TokenClassifier {
    /// The encoder.
    pub encoder: Encoder,
    /// Projects each token's vector to the logits.
    pub classifier: Linear,
    #[module(skip)]
    dropout: f32,
    #[module(skip)]
    labels: Vec<String>,
}

linears!(TokenClassifier { encoder, classifier });

impl TokenClassifier {
    /// Adds the head to an encoder. Its weights are drawn from a fixed seed on first use, unless they are replaced
    /// before that. The labels are `LABEL_0`, `LABEL_1`, ….
    pub fn new(encoder: Encoder, n_classes: usize, dropout: f32) -> Self {
        let d_model = encoder.config().stack.d_model;
        let key = RandomKey::new(0).stream("classifier");
        let classifier =
            LinearConfig::new(d_model, n_classes).with_key(key).init(&encoder.device());
        Self { encoder, classifier, dropout, labels: default_labels(n_classes) }
    }

    /// Sets the labels of the classes.
    ///
    /// # Panics
    /// If the number of labels is not the number of classes.
    pub fn with_labels(self, labels: Vec<String>) -> Self {
        let n_classes = self.labels.len();
        assert!(labels.len() == n_classes, "{} labels for {n_classes} classes", labels.len());
        Self { labels, ..self }
    }

    /// The labels of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The dropout probability of the token vectors.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// The logits of the classes for each token.
    ///
    /// # Shapes
    /// - output: `[batch, len, n_classes]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn logits(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<3> {
        let logits =
            self.classifier.forward(self.rows(tokens, types, mode), mode.stream("classifier"));
        let ([n_rows, n_classes], batch) = (logits.dims(), tokens.lengths.len());
        logits.reshape([batch, n_rows / batch, n_classes])
    }

    /// The cross entropy of the tokens' classes, summed, in nats. Targets of [`IGNORED`](crate::IGNORED) are ignored.
    ///
    /// # Shapes
    /// - `targets`: `[batch, len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn loss(
        &self,
        tokens: TokenBatch<'_>,
        types: Option<&[u32]>,
        targets: &[u32],
        options: impl Into<CrossEntropy>,
        mode: Mode,
    ) -> Tensor<1> {
        let bias = self.classifier.bias.as_ref().map(Param::val);
        linear_cross_entropy_with(
            self.rows(tokens, types, mode),
            LinearWeights { weight: self.classifier.weight.val(), bias },
            id_tensor(targets, &self.encoder.device()),
            self.labels.len(),
            options.into(),
        )
    }

    /// The input of the classifier, `[batch · len, d_model]`.
    fn rows(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<2> {
        let states = self.encoder.forward(tokens, types, mode.stream("encoder"));
        let states = dropout(states, self.dropout, mode.stream("head"));
        let [batch, len, d_model] = states.dims();
        states.reshape([batch * len, d_model])
    }
}
