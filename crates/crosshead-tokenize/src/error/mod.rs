//! Errors in tokenizers and their files.

mod sentencepiece;

use std::path::PathBuf;

pub use sentencepiece::{CharsMapError, SentencePieceError};

use crate::SpecialRole;

/// An error in a tokenizer or its files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizeError {
    /// A file cannot be opened or read.
    #[error("{path}: cannot read: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },

    /// A file cannot be written.
    #[error("{path}: cannot write: {source}", path = .path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },

    /// The path is a directory.
    #[error("{path} is a directory: load it with `Tokenizer::from_dir`, or pass the `tokenizer.json` in it", path = .path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },

    /// The file is not the intended one, such as a Git LFS pointer.
    #[error("{path}: {found}", path = .path.display())]
    NotTheFile {
        /// The file.
        path: PathBuf,
        /// What it is, and how to fix it.
        found: &'static str,
    },

    /// The tokenizer can't draw segmentations.
    #[error("drawing segmentations needs {needed}; this tokenizer is another one")]
    Sampling {
        /// What is needed.
        needed: &'static str,
    },

    /// The file is not valid JSON.
    #[error("{path}: not valid JSON ({source}); the file is damaged or incomplete, download or save it again", path = .path.display())]
    InvalidJson {
        /// The file.
        path: PathBuf,
        /// The syntax error, with line and column.
        source: serde_json::Error,
    },

    /// The file is valid JSON, but not in the expected format.
    #[error("{path}: unrecognized JSON ({source}); expected the format in which Hugging Face `tokenizers` or `transformers` saves this file", path = .path.display())]
    UnrecognizedJson {
        /// The file.
        path: PathBuf,
        /// The first mismatch.
        source: serde_json::Error,
    },

    /// The directory has no tokenizer file.
    #[error("{dir}: no tokenizer found; expected `tokenizer.json`, `vocab.txt`, `vocab.json` with `merges.txt`, a SentencePiece model (`spiece.model`, `sentencepiece.bpe.model`, `tokenizer.model`), or `source.spm` with `target.spm` and `vocab.json`", dir = .dir.display())]
    NoTokenizer {
        /// The directory.
        dir: PathBuf,
    },

    /// A CTranslate2 directory has no file for splitting a text into the tokens of its vocabulary.
    #[error("{dir}: no tokenizer found next to model.bin; add the `sentencepiece.model`, `source.spm` with `target.spm`, or `tokenizer.json` of the model (`ct2-transformers-converter --copy_files` copies them)", dir = .dir.display())]
    NoCt2Tokenizer {
        /// The directory.
        dir: PathBuf,
    },

    /// The file is not valid UTF-8.
    #[error("{path}:{line}: not valid UTF-8; convert the file to UTF-8", path = .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },

    /// The file is UTF-16.
    #[error("{path}: the file is UTF-16; convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`", path = .path.display())]
    Utf16 {
        /// The file.
        path: PathBuf,
    },

    /// A line of a vocabulary or merges file is invalid.
    #[error("{path}:{line}: {reason}; download or save the file again", path = .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },

    /// An entry of a JSON file is invalid.
    #[error("{path}: `{key}` {reason}; download or save the file again", path = .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The file is not a supported SentencePiece model, or has invalid normalization rules.
    #[error("{path}: not a valid SentencePiece model or normalizer: {source}", path = .path.display())]
    SentencePiece {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SentencePieceError,
    },

    /// The `tokenizers` library rejects the vocabulary.
    #[error("{path}: invalid vocabulary: {source}", path = .path.display())]
    Build {
        /// The file.
        path: PathBuf,
        /// The library's error.
        source: tokenizers::Error,
    },

    /// An added token does not have the id that a file declares.
    #[error("{dir}: `{token}` should have the id {declared} according to `added_tokens_decoder` of `tokenizer_config.json` or `added_tokens.json`, but {found}; the files do not match", dir = .dir.display(), found = .found.map_or("is not in the vocabulary".to_owned(), |id| format!("has {id}")))]
    AddedTokenId {
        /// The directory.
        dir: PathBuf,
        /// The token.
        token: String,
        /// The declared id.
        declared: u32,
        /// The id in the vocabulary.
        found: Option<u32>,
    },

    /// The added tokens of a directory cannot be matched in texts.
    #[error("{}: the added tokens are invalid: {source}", .dir.display())]
    AddedTokens {
        /// The directory.
        dir: PathBuf,
        /// The error of the `tokenizers` library.
        source: tokenizers::Error,
    },

    /// The added tokens cannot be matched in lowercase texts.
    #[error("the added tokens cannot be lowercased: {0}")]
    Lowercase(#[source] tokenizers::Error),

    /// The tokenizer has ids outside the model's vocabulary.
    #[error(
        "the tokenizer's token `{token}` has the id {id}, but the model's vocabulary size is \
         {model_size}: they do not match"
    )]
    VocabularyMismatch {
        /// The largest id.
        id: u32,
        /// Its token.
        token: String,
        /// The size of the model's vocabulary.
        model_size: usize,
    },

    /// A language is given for a tokenizer without languages.
    #[error(
        "the tokenizer has no languages to choose from: do not set a source or target language"
    )]
    NoLanguages,

    /// The tokenizer does not have the language.
    #[error("unknown language `{language}`; the tokenizer has {known}", known = .known.join(", "))]
    UnknownLanguage {
        /// The requested language code.
        language: String,
        /// The language codes of the tokenizer.
        known: Vec<String>,
    },

    /// Only a source language is given, but the tokenizer takes only a target language.
    #[error("the model takes a target language, but no source language: set the target language; the tokenizer has {known}", known = .known.join(", "))]
    NoSourceLanguage {
        /// The language codes of the tokenizer.
        known: Vec<String>,
    },

    /// The tokenizer does not have the chat template.
    #[error("the tokenizer has no chat template `{name}`{present}", present = if .present.is_empty() { ": its model directory has neither `chat_template` in tokenizer_config.json nor a chat_template.jinja".to_owned() } else { format!(", only {}", .present.join(", ")) })]
    NoChatTemplate {
        /// The requested name.
        name: String,
        /// The names of the tokenizer's templates.
        present: Vec<String>,
    },

    /// The chat template is malformed or rejects the conversation.
    #[error("the chat template failed: {0:#}")]
    ChatTemplate(#[source] Box<minijinja::Error>),

    /// The tokenizer lacks a required special token.
    #[error("the tokenizer has no {purpose} token; set `{key}` in the model directory's `tokenizer_config.json`", purpose = .role.purpose(), key = .role.key())]
    MissingSpecialToken {
        /// The role of the token.
        role: SpecialRole,
    },

    /// The length limit is below the number of special tokens.
    #[error(
        "the length limit of {max_len} tokens is below the {special} special tokens of a text; \
         raise it (`model_max_length` in `tokenizer_config.json`, `max_seq_length` in \
         `sentence_bert_config.json`)"
    )]
    NoRoom {
        /// The length limit.
        max_len: usize,
        /// The number of special tokens added to a text.
        special: usize,
    },

    /// The post-processor's template does not contain the text exactly once.
    #[error(
        "the tokenizer's template (`post_processor` of `tokenizer.json`) must contain the text exactly once"
    )]
    Template,

    /// The training text has only white space.
    #[error("the training text is empty: a tokenizer needs at least one line with text")]
    EmptyText,

    /// The vocabulary size is below the number of special tokens and characters of the training text.
    #[error(
        "a vocabulary size of {vocab_size} is too small for the special tokens and the characters of the training text: set it to at least {smallest}"
    )]
    VocabularyTooSmall {
        /// The requested size.
        vocab_size: usize,
        /// The smallest size that works for this text.
        smallest: usize,
    },

    /// Training failed in the `tokenizers` library.
    #[error("cannot train the tokenizer: {0}")]
    Train(#[source] tokenizers::Error),

    /// Encoding failed in a component of the tokenizer.
    #[error("cannot encode the text: {0}")]
    Encode(#[source] tokenizers::Error),

    /// Decoding failed in a component of the tokenizer.
    #[error("cannot decode the ids: {0}")]
    Decode(#[source] tokenizers::Error),
}
