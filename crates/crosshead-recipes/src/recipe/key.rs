//! Keys whose values are impossible.

/// A key of a recipe whose value is impossible.
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

/// Refuses a number that is too small.
///
/// # Errors
/// If it is.
pub(crate) fn at_least(key: &str, value: usize, least: usize) -> Result<(), InvalidKey> {
    if value >= least {
        return Ok(());
    }
    Err(InvalidKey::new(key, format!("{value}: must be at least {least}")))
}
