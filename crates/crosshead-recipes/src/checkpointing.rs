//! Gradient checkpointing of the models that recipes train.

use crosshead_models::{
    CausalLm, Encoder, EncoderDecoder, MaskedLm, SentenceEncoder, SequenceClassifier,
    TokenClassifier,
};

/// A model whose layers can be computed again in the backward pass.
pub(crate) trait Checkpointing: Sized {
    /// Sets whether they are.
    fn with_checkpointing(self, checkpointing: bool) -> Self;
}

impl Checkpointing for EncoderDecoder {
    fn with_checkpointing(mut self, checkpointing: bool) -> Self {
        self.encoder = self.encoder.with_checkpointing(checkpointing);
        self.decoder = self.decoder.with_checkpointing(checkpointing);
        self
    }
}

impl Checkpointing for CausalLm {
    fn with_checkpointing(mut self, checkpointing: bool) -> Self {
        self.decoder = self.decoder.with_checkpointing(checkpointing);
        self
    }
}

impl Checkpointing for Encoder {
    fn with_checkpointing(mut self, checkpointing: bool) -> Self {
        self.encoder = self.encoder.with_checkpointing(checkpointing);
        self
    }
}

/// Models with one encoder.
macro_rules! around_an_encoder {
    ($($Model:ident),+) => {$(
        impl Checkpointing for $Model {
            fn with_checkpointing(mut self, checkpointing: bool) -> Self {
                self.encoder = Checkpointing::with_checkpointing(self.encoder, checkpointing);
                self
            }
        }
    )+};
}

around_an_encoder!(MaskedLm, SequenceClassifier, TokenClassifier, SentenceEncoder);
