//! Errors of recipes and runs.

use std::path::PathBuf;

use crate::recipe::InvalidKey;

/// A recipe or run error.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A recipe cannot be read.
    #[error("recipe {name}: {reason}")]
    Recipe {
        /// The recipe's name or file.
        name: String,
        /// What is wrong, with the line or the key.
        reason: String,
    },
    /// A value of a recipe does not fit the data or the model.
    #[error("recipe {key}: {reason}")]
    Key {
        /// The key, such as `train.freeze`.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// A data file is missing or too small.
    #[error("{file}: {reason}")]
    DataFile {
        /// The file, by its name in the recipe.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The classifier is not a single-label classifier.
    #[error(
        "problem_type of the model is {problem_type}, but {what} needs single_label_classification"
    )]
    ProblemType {
        /// The model's problem type.
        problem_type: &'static str,
        /// The operation.
        what: &'static str,
    },
    /// The run already exists, or cannot be resumed.
    #[error("{}: {reason}", dir.display())]
    Run {
        /// The run directory.
        dir: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The run has no log.
    #[error("{}: there is no log; expected a run directory, which has log.jsonl", path.display())]
    NoLog {
        /// The file that is missing.
        path: PathBuf,
    },
    /// Curves cannot be drawn.
    #[error("cannot draw the curves: {reason}")]
    Plot {
        /// The error of the drawing library.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error from the operating system.
        source: std::io::Error,
    },
    /// A data error.
    #[error(transparent)]
    Data(#[from] crosshead_data::DataError),
    /// A tokenizer error.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// A model directory error.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// A training error.
    #[error(transparent)]
    Train(#[from] crosshead_train::TrainError),
    /// The loss or the gradient became infinite or NaN, or had a spike.
    #[error(
        "{0}; lower train.peak, raise train.warmup, set train.on_divergence to skip or rollback, or check these examples"
    )]
    Diverged(crosshead_train::TrainError),
    /// An evaluation error.
    #[error(transparent)]
    Evaluate(#[from] crosshead_evaluate::EvaluateError),
    /// A file system error without a path.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// A task error.
    #[error(transparent)]
    Task(#[from] crosshead_tasks::TaskError),
}

impl RunError {
    /// Adds the path to an error from the operating system.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

impl From<InvalidKey> for RunError {
    fn from(InvalidKey { key, reason }: InvalidKey) -> Self {
        Self::Key { key, reason }
    }
}
