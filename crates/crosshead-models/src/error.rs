//! Model directory errors.

use std::path::{Path, PathBuf};

use crosshead_weights::WeightsError;

/// A model directory error. Every message names the file and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file or directory could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error from the operating system.
        source: std::io::Error,
    },
    /// A malformed JSON file.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, the column and the key.
        source: serde_json::Error,
    },
    /// A placeholder in place of the file, such as a Git LFS pointer.
    #[error("{}: {found}", path.display())]
    NotTheFile {
        /// The file.
        path: PathBuf,
        /// What it is and how to fix it.
        found: &'static str,
    },
    /// A key with an invalid or unsupported value.
    #[error("{}: {key}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is wrong with the value.
        reason: String,
    },
    /// A weight file error.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A missing key, or a value of the wrong type.
    #[error("{}: {key}: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The path of the key, such as `rope_scaling.factor`.
        key: String,
        /// What is expected and what was found.
        reason: String,
    },
    /// A tensor that the model needs is missing.
    #[error("{}: tensor `{tensor}` is missing, so the file does not match config.json: {there}", path.display())]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
        /// Similar names in the file, or some of its names.
        there: String,
    },
    /// A tensor that the model does not have.
    #[error("{}: tensor `{tensor}` is not part of the model in config.json", path.display())]
    UnexpectedTensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
    },
    /// A tensor with the wrong shape, dtype or values.
    #[error("{}: tensor `{tensor}`: {reason}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ModelError {
    /// An error about one tensor.
    pub(crate) fn tensor(path: &Path, tensor: &str, reason: impl Into<String>) -> Self {
        Self::Tensor { path: path.to_owned(), tensor: tensor.to_owned(), reason: reason.into() }
    }

    /// Adds the path to an error from the operating system.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
