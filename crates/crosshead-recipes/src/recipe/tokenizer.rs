//! The `[tokenizer]` section.

use crosshead_tokenize::SubwordSampling;
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
    /// `translate` and `summarize` with a BPE tokenizer, also that of `init`: the probability of leaving out a merge in the
    /// training data (BPE-dropout, Provilkov et al. 2020; 0.1 there). Each epoch has other segmentations.
    pub dropout: Option<f64>,
    /// `translate` and `summarize` with a unigram tokenizer, also that of `init`: segmentations of the training data are drawn with
    /// a probability proportional to their likelihood to this power (Kudo 2018; 0.2 to 0.5 there). Each epoch has other
    /// segmentations.
    pub sampling_alpha: Option<f64>,
}

impl TokenizerSection {
    /// Fills in absent keys. With `init`, the tokenizer comes from the pretrained model, and no key may be set.
    pub(crate) fn resolve(&mut self, default: TokenizerKind, init: bool) -> Result<(), InvalidKey> {
        self.check_sampling()?;
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
        let kind = *self.kind.get_or_insert(default);
        let wrong =
            |key: &str, reason: &str| Err(InvalidKey::new(format!("tokenizer.{key}"), reason));
        if self.dropout.is_some() && !matches!(kind, TokenizerKind::Bpe | TokenizerKind::ByteBpe) {
            return wrong("dropout", "BPE-dropout needs tokenizer.kind = \"bpe\" or \"byte-bpe\"");
        }
        if self.sampling_alpha.is_some() && kind != TokenizerKind::Unigram {
            return wrong("sampling_alpha", "sampling needs tokenizer.kind = \"unigram\"");
        }
        self.vocab_size.get_or_insert(6000);
        self.lowercase.get_or_insert(false);
        Ok(())
    }

    /// The sampling of segmentations; none if the recipe sets no key for it.
    pub(crate) fn sampling(&self) -> Option<SubwordSampling> {
        let alpha = self.sampling_alpha.map(SubwordSampling::Unigram);
        self.dropout.map(SubwordSampling::BpeDropout).or(alpha)
    }

    /// The key that sets the sampling.
    pub(crate) fn sampling_key(&self) -> &'static str {
        if self.dropout.is_some() { "tokenizer.dropout" } else { "tokenizer.sampling_alpha" }
    }

    /// Checks that no key sets the sampling of segmentations, for tasks without it.
    ///
    /// # Errors
    /// The key.
    pub(crate) fn without_sampling(&self) -> Result<(), InvalidKey> {
        match self.sampling() {
            None => Ok(()),
            Some(_) => {
                let reason = "only translate and summarize draw segmentations; remove this key";
                Err(InvalidKey::new(self.sampling_key(), reason))
            }
        }
    }

    fn check_sampling(&self) -> Result<(), InvalidKey> {
        let wrong =
            |key: &str, reason: String| Err(InvalidKey::new(format!("tokenizer.{key}"), reason));
        match (self.dropout, self.sampling_alpha) {
            (Some(_), Some(_)) => {
                wrong("sampling_alpha", "set either dropout or sampling_alpha, not both".to_owned())
            }
            (Some(dropout), None) if !(0.0..1.0).contains(&dropout) => {
                wrong("dropout", format!("{dropout} is outside [0, 1)"))
            }
            (None, Some(alpha)) if !(alpha.is_finite() && alpha > 0.0) => {
                wrong("sampling_alpha", format!("{alpha}: must be a number above 0"))
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}
