//! Errors in SentencePiece models and their normalization rules.

/// An error in a SentencePiece model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SentencePieceError {
    /// The file is not a valid protocol buffer.
    #[error("{0}")]
    Protobuf(#[from] prost::DecodeError),

    /// The model is neither Unigram nor BPE.
    #[error("the model type {algorithm} is not supported; Unigram and BPE are")]
    UnsupportedType {
        /// The type of the model.
        algorithm: String,
    },

    /// The model marks the end of words instead of their start.
    #[error("`treat_whitespace_as_suffix` is set, which is not supported")]
    WhitespaceAsSuffix,

    /// The model has no unknown piece, or several.
    #[error("there must be exactly one piece for unknown characters")]
    UnknownPieceCount,

    /// The layout of the model's family requires the unknown piece to be among the first three.
    #[error("the piece for unknown characters is not among the first three")]
    UnknownPiecePosition,

    /// A piece is empty.
    #[error("piece {piece} is empty")]
    EmptyPiece {
        /// The index of the piece.
        piece: usize,
    },

    /// The score of a piece is not finite.
    #[error("piece {piece} (`{text}`) has the score {score}")]
    InvalidScore {
        /// The index of the piece.
        piece: usize,
        /// Its text.
        text: String,
        /// Its score.
        score: f64,
    },

    /// A piece occurs twice.
    #[error("piece {piece} (`{text}`) occurs twice")]
    RepeatedPiece {
        /// The index of the second occurrence.
        piece: usize,
        /// Its text.
        text: String,
    },

    /// A key of `tokenizer_config.json` adds too many tokens to the model.
    #[error("`{key}` is {count} in tokenizer_config.json; the maximum is {limit}")]
    TooManyTokens {
        /// The key.
        key: &'static str,
        /// Its value.
        count: usize,
        /// The largest supported value.
        limit: usize,
    },

    /// The file contains subword-nmt codes.
    #[error(
        "the file contains subword-nmt codes, which need the Moses tokenizer; they are not \
         supported"
    )]
    SubwordNmt,

    /// The normalization rules are invalid.
    #[error("normalization rules: {0}")]
    Rules(#[from] CharsMapError),
}

/// An error in precompiled normalization rules (`precompiled_charsmap`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CharsMapError {
    /// The rules in a `tokenizer.json` are not valid Base64.
    #[error("{0}")]
    Base64(#[from] base64::DecodeError),

    /// The rules do not start with the size of the trie.
    #[error("the size of the trie is missing")]
    NoTrieSize,

    /// The trie is larger than the rules.
    #[error("the trie has {size} bytes, but only {available} follow")]
    TruncatedTrie {
        /// The size of the trie in bytes.
        size: usize,
        /// The number of bytes after the size.
        available: usize,
    },

    /// The trie does not consist of 32-bit units.
    #[error("the trie has {size} bytes; expected a positive multiple of 4")]
    InvalidTrieSize {
        /// The size of the trie in bytes.
        size: usize,
    },

    /// A transition leads out of the trie.
    #[error("a transition leads to unit {unit} of {units}")]
    InvalidTransition {
        /// The target of the transition.
        unit: usize,
        /// The number of units.
        units: usize,
    },

    /// A value points outside the replacements.
    #[error("the value of unit {unit} is outside the replacements")]
    InvalidValue {
        /// The unit.
        unit: usize,
    },

    /// The replacements are not UTF-8.
    #[error("the replacements are not UTF-8: {0}")]
    InvalidReplacements(#[from] std::str::Utf8Error),
}
