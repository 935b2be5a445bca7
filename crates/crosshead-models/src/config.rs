//! The configuration of a model of any kind.

use crate::{CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, StackConfig};

/// The configuration of a model of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// An encoder-decoder.
    EncoderDecoder(EncoderDecoderConfig),
    /// A causal language model.
    CausalLm(CausalLmConfig),
    /// An encoder with its head for masked language modelling.
    MaskedLm(EncoderConfig),
    /// An encoder with its classifier of rows.
    SequenceClassifier(EncoderConfig, ClassifierHead),
    /// An encoder with its classifier of tokens, of so many classes.
    TokenClassifier(EncoderConfig, usize),
    /// An encoder.
    Encoder(EncoderConfig),
}

impl ModelConfig {
    /// The layers.
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
