//! Keys with invalid values.

/// A key of a recipe with an invalid value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub(crate) struct InvalidKey {
    /// The key, such as `train.steps`.
    pub(crate) key: String,
    /// What is wrong with its value.
    pub(crate) reason: String,
}

impl InvalidKey {
    pub(crate) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}

/// Checks that a number is large enough.
///
/// # Errors
/// If it is less than `least`.
pub(crate) fn at_least(key: &str, value: usize, least: usize) -> Result<(), InvalidKey> {
    if value >= least {
        return Ok(());
    }
    Err(InvalidKey::new(key, format!("{value}: must be at least {least}")))
}
