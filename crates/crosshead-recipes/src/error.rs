//! What can stop a recipe's run.

use std::path::PathBuf;

use crate::recipe::InvalidKey;

/// What can stop a recipe's run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A recipe that can't be read.
    #[error("recipe {name}: {reason}")]
    Recipe {
        /// The recipe's name or file.
        name: String,
        /// What is wrong, with line or key.
        reason: String,
    },
    /// A value of a recipe that does not fit the data or the model.
    #[error("recipe {key}: {reason}")]
    Key {
        /// The key, such as `train.freeze`.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// A file of data that is not there or too small.
    #[error("{file}: {reason}")]
    DataFile {
        /// The file, as the recipe names it.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A classifier that does not choose one label of several.
    #[error(
        "the model's problem_type is {problem_type}, but {what} takes one label of several (single_label_classification)"
    )]
    ProblemType {
        /// What its scores stand for.
        problem_type: &'static str,
        /// What was asked for.
        what: &'static str,
    },
    /// A run that exists already, or that can't be resumed.
    #[error("{}: {reason}", dir.display())]
    Run {
        /// The run's directory.
        dir: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file or folder can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Text data.
    #[error(transparent)]
    Data(#[from] crosshead_data::DataError),
    /// A tokenizer.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// A model directory.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// A training run.
    #[error(transparent)]
    Train(#[from] crosshead_train::TrainError),
    /// A recipe whose training leaves the finite numbers.
    #[error("{0}; lower train.peak or raise train.warmup, or look at the data")]
    Diverged(crosshead_train::TrainError),
    /// A metric.
    #[error(transparent)]
    Evaluate(#[from] crosshead_evaluate::EvaluateError),
    /// A file system error without a path of its own.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// A task of the trained or pretrained model.
    #[error(transparent)]
    Task(#[from] crosshead_tasks::TaskError),
}

impl RunError {
    /// Wraps an error of the operating system with the path it is about.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

impl From<InvalidKey> for RunError {
    fn from(InvalidKey { key, reason }: InvalidKey) -> Self {
        Self::Key { key, reason }
    }
}
