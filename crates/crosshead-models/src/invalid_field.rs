//! The error for an invalid configuration.

/// An invalid field of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct InvalidField {
    /// The field.
    pub key: &'static str,
    /// What is wrong with its value.
    pub reason: String,
}

impl InvalidField {
    pub(crate) fn new(key: &'static str, reason: impl Into<String>) -> Self {
        Self { key, reason: reason.into() }
    }
}
