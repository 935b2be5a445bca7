//! What can go wrong between text, ids and tokenizer files.

use std::path::PathBuf;

use crate::SpecialRole;

/// What can go wrong between text, ids and tokenizer files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizeError {
    /// A file can't be opened or read.
    #[error("{path}: can't read: {source}", path = .path.display())]
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

    /// Something else in the place of a file.
    #[error("{path}: {found}", path = .path.display())]
    NotTheFile {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do.
        found: &'static str,
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

    /// A directory without any file that holds a vocabulary.
    #[error("{dir}: no tokenizer there; expected `tokenizer.json`, `vocab.txt`, `vocab.json` with `merges.txt`, a SentencePiece model (`spiece.model`, `sentencepiece.bpe.model`, `tokenizer.model`), or `source.spm` with `target.spm` and `vocab.json`", dir = .dir.display())]
    NoTokenizer {
        /// The directory.
        dir: PathBuf,
    },

    /// Text that is not UTF-8.
    #[error("{path}:{line}: not UTF-8; save the file in that encoding", path = .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },

    /// A text file in another encoding.
    #[error("{path}: this is UTF-16, convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`", path = .path.display())]
    Utf16 {
        /// The file.
        path: PathBuf,
    },

    /// A line of a vocabulary or of its merges that is wrong.
    #[error("{path}:{line}: {reason}; fetch or save the file again", path = .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },

    /// An entry of a JSON vocabulary that is wrong.
    #[error("{path}: `{key}` has {reason}; fetch or save the file again", path = .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The token.
        key: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A file that is no SentencePiece model, or one that can't be used, or whose rules of normalization are broken.
    #[error("{path}: not a SentencePiece model or rules that can be read: {reason}", path = .path.display())]
    SentencePiece {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A vocabulary that the tokenizer library refuses.
    #[error("{path}: can't be used as a vocabulary: {source}", path = .path.display())]
    Build {
        /// The file.
        path: PathBuf,
        /// What the library says.
        source: tokenizers::Error,
    },

    /// A token beside the vocabulary that can't have the id that a file gives it.
    #[error("{dir}: `{token}` should have the id {declared} by `added_tokens_decoder` of `tokenizer_config.json` or by `added_tokens.json`, but {found}; the files don't belong together", dir = .dir.display(), found = .found.map_or("has none".to_owned(), |id| format!("has {id}")))]
    AddedTokenId {
        /// The directory.
        dir: PathBuf,
        /// The token.
        token: String,
        /// The id in the file.
        declared: u32,
        /// The id that the vocabulary leaves for it.
        found: Option<u32>,
    },

    /// A tokenizer with ids that a model has no place for.
    #[error(
        "the tokenizer's token `{token}` has the id {id}, but the model's vocabulary has {model_size} places: they don't belong together"
    )]
    VocabularyMismatch {
        /// The largest id.
        id: u32,
        /// Its token.
        token: String,
        /// The size of the model's vocabulary.
        model_size: usize,
    },

    /// Languages for a tokenizer that knows of none.
    #[error("the tokenizer has no languages to choose from: name neither source nor target")]
    NoLanguages,

    /// A language that a tokenizer doesn't have.
    #[error("no language `{language}`; the tokenizer has {known}", known = .known.join(", "))]
    UnknownLanguage {
        /// The code asked for.
        language: String,
        /// The codes there are.
        known: Vec<String>,
    },

    /// A source language alone for a tokenizer that is told only the target's.
    #[error("the model is told the language to write and not that of its input: name the target language; the tokenizer has {known}", known = .known.join(", "))]
    NoSourceLanguage {
        /// The codes there are.
        known: Vec<String>,
    },

    /// A chat template that isn't there.
    #[error("the tokenizer has no chat template `{name}`{present}", present = if .present.is_empty() { ": its model directory has neither `chat_template` in tokenizer_config.json nor a chat_template.jinja".to_owned() } else { format!(", only {}", .present.join(", ")) })]
    NoChatTemplate {
        /// The name asked for.
        name: String,
        /// The names there are.
        present: Vec<String>,
    },

    /// A chat template that is malformed, or refuses the conversation.
    #[error("the chat template fails: {0:#}")]
    ChatTemplate(#[source] Box<minijinja::Error>),

    /// A tokenizer without a token that the task at hand needs.
    #[error("the tokenizer has no {purpose} token; name one as `{key}` in the model directory's `tokenizer_config.json`", purpose = .role.purpose(), key = .role.key())]
    MissingSpecialToken {
        /// What the token is for.
        role: SpecialRole,
    },

    /// A limit that the special tokens around a text don't fit in.
    #[error(
        "a text of at most {max_len} tokens has no room for the {special} special tokens around it; raise the limit (`model_max_length` of `tokenizer_config.json`, `max_seq_length` of `sentence_bert_config.json`)"
    )]
    NoRoom {
        /// The most ids asked for.
        max_len: usize,
        /// The number of special tokens around a text.
        special: usize,
    },

    /// A template for the special tokens that has the text not exactly once.
    #[error(
        "the tokenizer's template (`post_processor` of `tokenizer.json`) must have the text exactly once"
    )]
    Template,

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
