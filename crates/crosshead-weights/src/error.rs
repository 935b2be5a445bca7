//! Weight file errors.

use std::path::{Path, PathBuf};

/// A weight file error. Every message names the file and the fix.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// A file or directory could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error from the operating system.
        source: std::io::Error,
    },
    /// The shard index is malformed.
    #[error("{}: {reason}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line or the key.
        reason: String,
    },
    /// A file that is truncated or not in the safetensors format.
    #[error("{}: not a complete safetensors file ({source}); copy or download it again", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// The error from the reader.
        source: safetensors::SafeTensorError,
    },
    /// int8 matrices in an unsupported version of the layout.
    #[error(
        "{}: its int8 layout has version {found}, and this program reads version {expected}; use a \
         newer version of the program, or quantize the original again",
        path.display()
    )]
    Int8Layout {
        /// The file.
        path: PathBuf,
        /// The version.
        found: String,
        /// The version that this program reads.
        expected: &'static str,
    },
    /// A directory without weight files.
    #[error("{}: no weights found; one of these files is needed: {names}", dir.display())]
    NoWeights {
        /// The directory.
        dir: PathBuf,
        /// The file names that were tried.
        names: String,
    },
    /// A shard that is listed in the index but does not exist.
    #[error("{}: shard `{shard}` is missing; copy or download it again", index.display())]
    MissingShard {
        /// The index.
        index: PathBuf,
        /// The shard's name.
        shard: String,
    },
    /// A file that is not a valid PyTorch checkpoint.
    #[error("{}: not a valid PyTorch file ({source}); save it as safetensors, or copy it again", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// The error from the reader.
        source: Box<pytorch_reader::PytorchError>,
    },
    /// A CTranslate2 `model.bin` that is truncated, inconsistent or of an unsupported version.
    #[error("{}: not a valid CTranslate2 file: {reason}; convert or copy the model again", path.display())]
    Ct2 {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the variable.
        reason: String,
    },
    /// A tensor that is not in any file.
    #[error("{}: tensor `{tensor}` not found: {there}", path.display())]
    MissingTensor {
        /// The file that should contain it.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// A description of the names in the file.
        there: String,
    },
    /// A placeholder in place of the file, such as a Git LFS pointer.
    #[error("{}: {found}", path.display())]
    NotTheFile {
        /// The file.
        path: PathBuf,
        /// What it is and how to fix it.
        found: &'static str,
    },
    /// A tensor with an invalid shape, dtype or value.
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
    /// An error about one tensor.
    pub(crate) fn tensor(path: &Path, tensor: &str, reason: impl Into<String>) -> Self {
        Self::Tensor { path: path.to_owned(), tensor: tensor.to_owned(), reason: reason.into() }
    }

    /// Adds the path to an error from the operating system.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
