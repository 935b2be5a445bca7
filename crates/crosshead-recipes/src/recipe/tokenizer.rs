//! The `[tokenizer]` section.

use serde::{Deserialize, Serialize};

use super::key::InvalidKey;

/// How a vocabulary is learned, as a recipe spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenizerKind {
    /// Byte-pair encoding of characters (Sennrich et al. 2016).
    Bpe,
    /// Byte-pair encoding of bytes, which knows every text (Radford et al. 2019).
    ByteBpe,
    /// WordPiece (Schuster & Nakajima 2012), as in BERT.
    WordPiece,
    /// A unigram language model of pieces (Kudo 2018).
    Unigram,
    /// One token for each character.
    Char,
}

/// How text becomes ids: a vocabulary learned on the training text. Absent keys have the task's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenizerSection {
    /// How the vocabulary is learned.
    pub kind: Option<TokenizerKind>,
    /// Pieces of the vocabulary, special ones included; of characters, all are taken.
    pub vocab_size: Option<usize>,
    /// Whether upper and lower case are the same.
    pub lowercase: Option<bool>,
}

impl TokenizerSection {
    /// Fills absent keys; a pretrained model has a tokenizer and leaves nothing to say.
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
                    "init brings its tokenizer; leave this key out",
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
