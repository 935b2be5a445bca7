//! The `[tokenizer]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::InvalidKey;

/// The kind of tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenizerKind {
    /// Byte-pair encoding of characters (Sennrich et al. 2016).
    Bpe,
    /// Byte-level byte-pair encoding, without unknown tokens (Radford et al. 2019).
    ByteBpe,
    /// WordPiece (Schuster & Nakajima 2012), as in BERT.
    WordPiece,
    /// A unigram language model over pieces (Kudo 2018), as in SentencePiece.
    Unigram,
    /// One token per character.
    Char,
}

/// The tokenizer. It is trained on `data.train`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenizerSection {
    /// The kind of tokenizer.
    pub kind: Option<TokenizerKind>,
    /// Vocabulary size, including special tokens. `char` ignores this key and uses every character of the training
    /// text.
    pub vocab_size: Option<usize>,
    /// `word-piece`: whether text is lowercased.
    pub lowercase: Option<bool>,
}

impl TokenizerSection {
    /// Fills in absent keys. With `init`, the tokenizer comes from the pretrained model, and no key may be set.
    pub(crate) fn resolve(&mut self, default: TokenizerKind, init: bool) -> Result<(), InvalidKey> {
        if init {
            let given = [
                ("kind", self.kind.is_some()),
                ("vocab_size", self.vocab_size.is_some()),
                ("lowercase", self.lowercase.is_some()),
            ];
            return match given.iter().find(|(_, given)| *given) {
                Some((key, _)) => Err(InvalidKey::new(
                    format!("tokenizer.{key}"),
                    "the tokenizer comes from init; remove this key",
                )),
                None => Ok(()),
            };
        }
        self.kind.get_or_insert(default);
        self.vocab_size.get_or_insert(6000);
        self.lowercase.get_or_insert(false);
        Ok(())
    }
}
