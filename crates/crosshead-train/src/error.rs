//! Training errors.

use std::path::{Path, PathBuf};

use crosshead_weights::WeightsError;

use crate::Symptom;

/// An error of training; messages name the file and the fix.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error from the operating system.
        source: std::io::Error,
    },
    /// A checkpoint is incomplete or damaged.
    #[error("checkpoint {}: {reason}", path.display())]
    Checkpoint {
        /// The checkpoint's folder or file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The tensors of a checkpoint cannot be written or read.
    #[error("checkpoint {0}")]
    Tensors(#[from] WeightsError),
    /// The checkpoint was written by a later version of this program.
    #[error(
        "{}: format {found} is newer than this program supports ({known}); resume with the version that wrote it",
        path.display()
    )]
    NewerFormat {
        /// The file that contains the format.
        path: PathBuf,
        /// The format of the checkpoint.
        found: u64,
        /// The newest supported format.
        known: u64,
    },
    /// All checkpoints are damaged.
    #[error(
        "{}: all checkpoints are damaged; delete this folder to restart training ({})",
        dir.display(),
        list(damaged)
    )]
    AllDamaged {
        /// The folder of the checkpoints.
        dir: PathBuf,
        /// The error for each checkpoint, newest first.
        damaged: Vec<TrainError>,
    },
    /// The checkpoint does not match the model.
    #[error("the checkpoint does not match the model: {reason}")]
    OtherModel {
        /// The difference.
        reason: String,
    },
    /// The loss or the gradient diverged, and the run cannot continue.
    #[error("step {step}: {symptom} (training examples {}){tried}", first(examples))]
    Diverged {
        /// The step, from 1.
        step: u64,
        /// What is wrong with it.
        symptom: Symptom,
        /// The indices of its training examples, from 0.
        examples: Vec<usize>,
        /// What was tried before, as the end of the message.
        tried: String,
    },
    /// Weights are to be averaged, but there is no place to keep them.
    #[error("an average needs a place for the weights of its steps: `Trainer::with_snapshots`")]
    NoSnapshots,
    /// There are no training examples.
    #[error("there are no training examples")]
    NoExamples,
    /// An error from an observer, such as a failed save.
    #[error(transparent)]
    Observer(Box<dyn std::error::Error + Send + Sync>),
}

impl TrainError {
    /// Adds a path to an error from the operating system.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// A damaged checkpoint.
    pub(crate) fn checkpoint(path: &Path, reason: impl ToString) -> Self {
        Self::Checkpoint { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// The first few indices of examples.
fn first(examples: &[usize]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = examples.iter().take(SHOWN).map(ToString::to_string).collect();
    let rest = if examples.len() > SHOWN { ", …" } else { "" };
    format!("{}{rest}", shown.join(", "))
}

fn list(errors: &[TrainError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl From<std::io::Error> for TrainError {
    fn from(source: std::io::Error) -> Self {
        Self::Observer(Box::new(source))
    }
}
