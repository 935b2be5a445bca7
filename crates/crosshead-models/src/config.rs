//! The configuration of any model.

use crate::{CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, StackConfig};

/// The configuration of any model.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// An encoder-decoder.
    EncoderDecoder(EncoderDecoderConfig),
    /// A causal language model.
    CausalLm(CausalLmConfig),
    /// An encoder with a masked language modeling head.
    MaskedLm(EncoderConfig),
    /// An encoder with a sequence classification head.
    SequenceClassifier(EncoderConfig, ClassifierHead),
    /// An encoder with a token classification head, and the number of classes.
    TokenClassifier(EncoderConfig, usize),
    /// An encoder without a head.
    Encoder(EncoderConfig),
}

impl ModelConfig {
    /// The configuration of the layers.
    pub fn stack(&self) -> &StackConfig {
        match self {
            Self::EncoderDecoder(config) => &config.stack,
            Self::CausalLm(config) => &config.stack,
            Self::MaskedLm(config)
            | Self::SequenceClassifier(config, _)
            | Self::TokenClassifier(config, _)
            | Self::Encoder(config) => &config.stack,
        }
    }
}
