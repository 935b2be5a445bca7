//! Classification of each token.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_kernels::{Linear, LinearConfig, Mode, dropout};

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
}

impl TokenClassifier {
    /// The head on an encoder; its own weights wait to be filled.
    pub fn new(encoder: Encoder, n_classes: usize, dropout: f32) -> Self {
        let d_model = encoder.config().stack.d_model;
        let classifier = LinearConfig::new(d_model, n_classes).init(&encoder.device());
        Self { encoder, classifier, dropout }
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
