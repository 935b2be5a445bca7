//! What can go wrong between a text and a result.

use std::path::PathBuf;

/// What can go wrong between a text and a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A directory that holds no model.
    #[error("{}: no model there; give a model directory (with config.json) or a run directory (with model/)", .0.display())]
    NoModel(PathBuf),
    /// A directory whose tokenizer and model do not belong together.
    #[error("{}: {source}", dir.display())]
    Mismatch {
        /// The directory.
        dir: PathBuf,
        /// Which ids the model does not know.
        source: crosshead_tokenize::TokenizeError,
    },
    /// A prompt that a text can't go on from.
    #[error(
        "the prompt is empty, and this model has no token that begins a text; give it some text"
    )]
    EmptyPrompt,
    /// A text without a mask where words are to be guessed.
    #[error("`{text}`: {reason}")]
    NoMask {
        /// The text.
        text: String,
        /// Why no mask can be read.
        reason: String,
    },
    /// A tokenizer.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// A model directory.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// A search.
    #[error(transparent)]
    Generate(#[from] crosshead_generate::GenerateError),
}
