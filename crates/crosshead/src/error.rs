//! What can go wrong between a user's files and a result.

use std::path::PathBuf;

/// What can go wrong between a user's files and a result.
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
    /// A directory that holds no model.
    #[error("{}: no model there; give a model directory (with config.json) or a run directory (with model/)", .0.display())]
    NoModel(PathBuf),
    /// A run that exists already, or that cannot be resumed.
    #[error("{}: {reason}", dir.display())]
    Run {
        /// The run's directory.
        dir: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A prompt that a text can't go on from.
    #[error(
        "the prompt is empty, and this model has no token that begins a text; give it some text"
    )]
    EmptyPrompt,
    /// A prompt that is as long as its text may become.
    #[error(
        "the prompt has {tokens} tokens, and the model's max_length allows {max_length} with what follows; set the \
         number of new tokens (--max-tokens, or max_new_tokens in generation_config.json)"
    )]
    PromptAtLimit {
        /// Tokens of the prompt.
        tokens: usize,
        /// The model's limit for prompt and text.
        max_length: usize,
    },
    /// A text without a mask where words are to be guessed.
    #[error("`{text}`: {reason}")]
    NoMask {
        /// The text.
        text: String,
        /// Why no mask can be read.
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
    /// A search.
    #[error(transparent)]
    Generate(#[from] crosshead_generate::GenerateError),
    /// A training run.
    #[error(transparent)]
    Train(#[from] crosshead_train::TrainError),
    /// A metric.
    #[error(transparent)]
    Evaluate(#[from] crosshead_evaluate::EvaluateError),
    /// A file system error without a path of its own.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl Error {
    /// Wraps an error of the operating system with the path it is about.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
