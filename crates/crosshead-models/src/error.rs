//! What can be wrong with a model directory.

use std::path::{Path, PathBuf};

use crosshead_weights::WeightsError;

/// What can be wrong with a model directory; every message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A JSON file that is malformed.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, the column and the key.
        source: serde_json::Error,
    },
    /// A configuration that no model of this crate can have.
    #[error("{}: {key}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
    /// A file of weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A key of a JSON file that is missing, or has a value of another type.
    #[error("{}: {key}: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The key, after those of the objects around it: `rope_scaling.factor`.
        key: String,
        /// What is expected, and what is there.
        reason: String,
    },
    /// A tensor that the model needs and the file lacks.
    #[error("{}: tensor `{tensor}` is missing; the file belongs to another model than config.json: {there}", path.display())]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
        /// What the file has: similar names, or some of them.
        there: String,
    },
    /// A tensor that the model has no place for.
    #[error("{}: tensor `{tensor}` has no place in the model of config.json", path.display())]
    UnexpectedTensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
    },
    /// A tensor whose shape, type or values do not fit.
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
    /// Something wrong with a tensor of a file.
    pub(crate) fn tensor(path: &Path, tensor: &str, reason: impl Into<String>) -> Self {
        Self::Tensor { path: path.to_owned(), tensor: tensor.to_owned(), reason: reason.into() }
    }

    /// Wraps an error of the operating system with the path it is about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
