//! Decoding errors: invalid options and invalid model output.

/// A decoding error.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A row of logits contains NaN or +∞, or only −∞.
    #[error(
        "the model produced NaN or infinite logits at step {step}, row {row}: its weights or its inputs are broken"
    )]
    InvalidLogits {
        /// Number of the step, from 0.
        step: usize,
        /// Row of the batch in that step.
        row: usize,
    },

    /// A constraint made a score NaN or +∞.
    #[error("a constraint made a score NaN or infinite at step {step}, row {row}")]
    InvalidConstraint {
        /// Number of the step, from 0.
        step: usize,
        /// Row of the batch in that step.
        row: usize,
    },

    /// The model returned the wrong number of logits.
    #[error(
        "the model returned {len} logits for {rows} rows over a vocabulary of {vocab_size}: \
         `StepModel::step` must return rows × vocab_size values"
    )]
    LogitsShape {
        /// Number of values returned.
        len: usize,
        /// Number of rows fed.
        rows: usize,
        /// The model's vocabulary size.
        vocab_size: usize,
    },

    /// A token id of the configuration is outside the model's vocabulary.
    #[error("`{option}` is token {token}, but the vocabulary has {vocab_size} tokens")]
    TokenOutOfVocabulary {
        /// The option that names the token.
        option: &'static str,
        /// The token id.
        token: u32,
        /// The model's vocabulary size.
        vocab_size: usize,
    },

    /// [`Length::PerRow`](crate::Length::PerRow) does not match the batch size.
    #[error("`{option}` has {lengths} lengths for a batch of {batch}: pass one for each sequence")]
    LengthCount {
        /// The option.
        option: &'static str,
        /// Number of lengths given.
        lengths: usize,
        /// Number of sequences in the batch.
        batch: usize,
    },

    /// The value of an option is out of range.
    #[error("`{option}` is {value}: it must be {expected}")]
    OptionOutOfRange {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// The accepted values.
        expected: &'static str,
    },
}
