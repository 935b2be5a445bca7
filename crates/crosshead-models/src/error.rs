//! What can be wrong with a model directory.

use std::path::{Path, PathBuf};

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
    /// Something else in the place of a file.
    #[error("{}: {found}", path.display())]
    NotTheFile {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do.
        found: &'static str,
    },
    /// A weights file that is truncated or not in safetensors format.
    #[error("{}: not a whole safetensors file ({source}); copy or download it again", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        source: safetensors::SafeTensorError,
    },
    /// A directory without weights.
    #[error("{}: no weights; one of these is needed: {names}", dir.display())]
    NoWeights {
        /// The directory.
        dir: PathBuf,
        /// The files that were looked for.
        names: String,
    },
    /// A shard that an index names and that does not stand beside it.
    #[error("{}: shard `{shard}` is missing; copy or download it again", index.display())]
    MissingShard {
        /// The index.
        index: PathBuf,
        /// The shard's name.
        shard: String,
    },
    /// A file that holds no weights of PyTorch, or does so in a way that cannot be trusted.
    #[error("{}: not a sound PyTorch file ({source}); save it as safetensors, or copy it again", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        source: Box<pytorch_reader::PytorchError>,
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
