use std::path::PathBuf;

use crate::SpecialRole;

/// What can go wrong between text, ids and tokenizer files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizeError {
    /// A file can't be opened or read.
    #[error("{path}: can't read: {source}; expected the `tokenizer.json` of a model directory", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// A file can't be written.
    #[error("{path}: can't write: {source}", path = .path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// A directory where a file belongs.
    #[error("{path} is a directory: load it with `Tokenizer::from_dir`, or name the `tokenizer.json` in it", path = .path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },

    /// A file that stops early or isn't JSON at all.
    #[error("{path}: not valid JSON ({source}); the file is damaged or incomplete, fetch or save it again", path = .path.display())]
    InvalidJson {
        /// The file.
        path: PathBuf,
        /// Line and column.
        source: serde_json::Error,
    },

    /// Valid JSON that doesn't describe a tokenizer.
    #[error("{path}: JSON, but not in the format of this file ({source}); expected what Hugging Face `tokenizers` or `transformers` saves under this name", path = .path.display())]
    ForeignJson {
        /// The file.
        path: PathBuf,
        /// The first thing that didn't fit.
        source: serde_json::Error,
    },

    /// A tokenizer without a token that the task at hand needs.
    #[error("the tokenizer has no {purpose} token; name one as `{key}` in the model directory's `tokenizer_config.json`", purpose = .role.purpose(), key = .role.key())]
    MissingSpecialToken {
        /// What the token is for.
        role: SpecialRole,
    },

    /// Nothing but white space to train on.
    #[error("the training text is empty: a tokenizer needs at least one line with text")]
    EmptyText,

    /// A vocabulary that can't hold the characters of the training text.
    #[error(
        "a vocabulary of {vocab_size} can't hold the special tokens and every character of the training text: set the size to {smallest} at least"
    )]
    VocabularyTooSmall {
        /// The size asked for.
        vocab_size: usize,
        /// The smallest size that works for this text.
        smallest: usize,
    },

    /// Training failed in the tokenizer library.
    #[error("can't train the tokenizer: {0}")]
    Train(#[source] tokenizers::Error),

    /// Encoding failed in a component of the tokenizer.
    #[error("can't encode the text: {0}")]
    Encode(#[source] tokenizers::Error),

    /// Decoding failed in a component of the tokenizer.
    #[error("can't decode the ids: {0}")]
    Decode(#[source] tokenizers::Error),
}
