//! Classification of each token.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_kernels::{Linear, LinearConfig, Mode, RandomKey, dropout};

use super::default_labels;
use crate::Encoder;
use crate::tokens::TokenBatch;

/// One class for each token.
#[derive(Module, Debug)]
pub struct TokenClassifier {
    /// The encoder.
    pub encoder: Encoder,
    /// From a token's vector to the scores of the classes.
    pub classifier: Linear,
    #[module(skip)]
    dropout: f32,
    #[module(skip)]
    labels: Vec<String>,
}

impl TokenClassifier {
    /// The head on an encoder; its own weights wait to be filled, and the classes have numbers for names.
    pub fn new(encoder: Encoder, n_classes: usize, dropout: f32) -> Self {
        let d_model = encoder.config().stack.d_model;
        let key = RandomKey::new(0).stream("classifier");
        let classifier =
            LinearConfig::new(d_model, n_classes).with_key(key).init(&encoder.device());
        Self { encoder, classifier, dropout, labels: default_labels(n_classes) }
    }

    /// The same model with names for its classes.
    ///
    /// # Panics
    /// If there are not as many names as classes.
    pub fn with_labels(self, labels: Vec<String>) -> Self {
        let n_classes = self.labels.len();
        assert!(labels.len() == n_classes, "{} labels for {n_classes} classes", labels.len());
        Self { labels, ..self }
    }

    /// The name of each class.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The probability of dropping an element of a token's vector.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// The scores of the classes at each token.
    ///
    /// # Shapes
    /// - output: `[batch, len, n_classes]`
    ///
    /// # Panics
    /// As [`Encoder::forward`].
    pub fn logits(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<3> {
        let states = self.encoder.forward(tokens, types, mode.stream("encoder"));
        let states = dropout(states, self.dropout, mode.stream("head"));
        let [batch, len, d_model] = states.dims();
        let logits = self.classifier.forward(states.reshape([batch * len, d_model]));
        let [_, n_classes] = logits.dims();
        logits.reshape([batch, len, n_classes])
    }
}
