//! What can stop a recipe's run.

use std::path::PathBuf;

/// What can stop a recipe's run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A recipe that cannot be read or that asks for the impossible.
    #[error("recipe {name}: {reason}")]
    Recipe {
        /// The recipe's name or file.
        name: String,
        /// What is wrong, with line or key.
        reason: String,
    },
    /// A classifier whose scores do not choose one label of several.
    #[error(
        "the model's problem_type is {problem_type}, but {what} takes one label of several (single_label_classification)"
    )]
    ProblemType {
        /// What its scores stand for.
        problem_type: &'static str,
        /// What was asked for.
        what: &'static str,
    },
    /// A run that exists already, or that cannot be resumed.
    #[error("{}: {reason}", dir.display())]
    Run {
        /// The run's directory.
        dir: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file or folder could not be read or written.
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
    Task(#[from] crosshead_tasks::Error),
}

impl Error {
    /// Wraps an error of the operating system with the path it is about.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
