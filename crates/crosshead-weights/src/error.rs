//! What can be wrong with files of weights.

use std::path::{Path, PathBuf};

/// What can be wrong with files of weights; every message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The index of the shards is malformed.
    #[error("{}: {reason}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line or the key.
        reason: String,
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
    /// A shard that an index names and that is not beside it.
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
    /// A tensor that no file has.
    #[error("{}: there is no tensor `{tensor}`: {there}", path.display())]
    MissingTensor {
        /// The file that should have it.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The names that there are.
        there: String,
    },
    /// Something else in the place of a file.
    #[error("{}: {found}", path.display())]
    NotTheFile {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do.
        found: &'static str,
    },
    /// A tensor whose shape, type or values are wrong.
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

impl WeightsError {
    /// Something wrong with a tensor of a file.
    pub(crate) fn tensor(path: &Path, tensor: &str, reason: impl Into<String>) -> Self {
        Self::Tensor { path: path.to_owned(), tensor: tensor.to_owned(), reason: reason.into() }
    }

    /// Wraps an error of the operating system with the path it is about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
