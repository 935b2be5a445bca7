//! What can stop a training run.

use std::path::{Path, PathBuf};

use crosshead_weights::WeightsError;

/// What can stop a training run; every message says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A checkpoint that is incomplete or damaged.
    #[error("checkpoint {}: {reason}", path.display())]
    Checkpoint {
        /// The checkpoint's folder or file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Tensors of a checkpoint that cannot be written or read.
    #[error("checkpoint {0}")]
    Tensors(#[from] WeightsError),
    /// A checkpoint of a later version of this program.
    #[error(
        "{}: format {found} is newer than this program knows ({known}); resume with the version that made the run",
        path.display()
    )]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// The format of the checkpoint.
        found: u64,
        /// The newest format that is read.
        known: u64,
    },
    /// There are checkpoints, but all are damaged.
    #[error(
        "{}: no checkpoint is whole; delete this folder to train from the first step again ({})",
        dir.display(),
        list(damaged)
    )]
    NoWholeCheckpoint {
        /// The folder of the checkpoints.
        dir: PathBuf,
        /// What is wrong with each, the newest first.
        damaged: Vec<TrainError>,
    },
    /// A checkpoint that does not fit the model.
    #[error("the checkpoint is of another model: {reason}")]
    OtherModel {
        /// What does not fit.
        reason: String,
    },
    /// The loss or a gradient is not a number.
    #[error("step {step}: the {what} is not finite")]
    NotFinite {
        /// The step, from 1.
        step: u64,
        /// What is not finite.
        what: &'static str,
    },
    /// There is nothing to train on.
    #[error("there is no training example")]
    NoExamples,
    /// What an observer reports, such as a failed save.
    #[error(transparent)]
    Observer(Box<dyn std::error::Error + Send + Sync>),
}

impl TrainError {
    /// Wraps an error of the operating system with the path it is about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// A damaged checkpoint.
    pub(crate) fn checkpoint(path: &Path, reason: impl ToString) -> Self {
        Self::Checkpoint { path: path.to_owned(), reason: reason.to_string() }
    }
}

fn list(errors: &[TrainError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl From<std::io::Error> for TrainError {
    fn from(source: std::io::Error) -> Self {
        Self::Observer(Box::new(source))
    }
}
