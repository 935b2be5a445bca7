//! The texts that a model knows, and whether a text is far from them.

use std::path::Path;

use crosshead_models::read_json;
use crosshead_tokenize::Tokenizer;
use serde::Deserialize;

use crate::TaskError;

/// The file of a model directory.
const FILE: &str = "domain.json";

/// The domain of a model: what it was trained on, and the limits beyond which a text is far from that.
///
/// A small model translates or classifies any text, but its output is only useful within its domain. Limits that are absent
/// are not applied.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Domain {
    /// What the model was trained on, in a few words.
    pub about: String,
    /// Maximum share of pieces that are not in the vocabulary.
    pub max_unknown_pieces: Option<f32>,
    /// Maximum number of pieces divided by the number of words: a text of unknown words is cut into many pieces.
    pub max_pieces_per_word: Option<f32>,
    /// Minimum score: of the hypothesis in generation, of the best label in classification.
    pub min_score: Option<f32>,
}

/// How a tokenizer cuts a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pieces {
    /// The share of pieces that are not in the vocabulary.
    pub unknown: f32,
    /// The number of pieces divided by the number of words.
    pub per_word: f32,
}

impl Pieces {
    /// Measures a text; `None` if it is blank.
    ///
    /// # Errors
    /// If the tokenizer fails on the text.
    pub fn of(text: &str, tokenizer: &Tokenizer) -> Result<Option<Self>, TaskError> {
        let words = text.split_whitespace().count();
        let ids = tokenizer.encode(text)?;
        if words == 0 || ids.is_empty() {
            return Ok(None);
        }
        let unknown = tokenizer.special().unk;
        let n_unknown = ids.iter().filter(|&&id| Some(id) == unknown).count();
        Ok(Some(Self {
            unknown: n_unknown as f32 / ids.len() as f32,
            per_word: ids.len() as f32 / words as f32,
        }))
    }
}

impl Domain {
    /// The domain in the `domain.json` of a model directory, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read, or a key is unknown or has the wrong type.
    pub fn from_dir(dir: &Path) -> Result<Option<Self>, TaskError> {
        let path = dir.join(FILE);
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some(read_json(&path)?))
    }

    /// Whether a text is outside the limits, given the score of the model's output. Blank texts are not.
    ///
    /// # Errors
    /// If the tokenizer fails on the text.
    pub fn is_far(&self, text: &str, score: f32, tokenizer: &Tokenizer) -> Result<bool, TaskError> {
        let Some(pieces) = Pieces::of(text, tokenizer)? else { return Ok(false) };
        Ok(self.max_unknown_pieces.is_some_and(|limit| pieces.unknown > limit)
            || self.max_pieces_per_word.is_some_and(|limit| pieces.per_word > limit)
            || self.min_score.is_some_and(|limit| score < limit))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crosshead_tokenize::BpeConfig;

    use super::*;

    fn tokenizer() -> Tokenizer {
        let texts = ["the cat sat on the mat", "the dog sat on the cat"];
        Tokenizer::train_bpe(texts.into_iter(), &BpeConfig::new(60)).unwrap()
    }

    #[test]
    fn pieces_are_counted_by_word() {
        let tokenizer = tokenizer();
        let known = Pieces::of("the cat sat", &tokenizer).unwrap().unwrap();
        let other = Pieces::of("mad nomads", &tokenizer).unwrap().unwrap();
        assert_eq!(known.unknown, 0.0);
        assert!(known.per_word < other.per_word, "{known:?} {other:?}");
        let ids = tokenizer.encode("mad nomads").unwrap();
        assert_eq!(other.per_word, ids.len() as f32 / 2.0);
        assert_eq!(Pieces::of(" \n", &tokenizer).unwrap(), None);
    }

    #[test]
    fn a_text_beyond_any_limit_is_far() {
        let tokenizer = tokenizer();
        let is_far = |domain: &Domain, text, score| domain.is_far(text, score, &tokenizer).unwrap();
        let none = Domain::default();
        assert!(!is_far(&none, "zzz", -100.0));
        let score = Domain { min_score: Some(-1.0), ..Domain::default() };
        assert!(is_far(&score, "the cat", -1.1) && !is_far(&score, "the cat", -1.0));
        assert!(!is_far(&score, " ", -1.1), "a blank text is not judged");
        let pieces = Pieces::of("mad nomads", &tokenizer).unwrap().unwrap();
        let at = |limit| Domain { max_pieces_per_word: Some(limit), ..Domain::default() };
        assert!(!is_far(&at(pieces.per_word), "mad nomads", 0.0));
        assert!(is_far(&at(pieces.per_word - 0.1), "mad nomads", 0.0));
    }

    #[test]
    fn unknown_keys_of_the_file_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Domain::from_dir(dir.path()).unwrap(), None);
        let write = |text: &str| fs::write(dir.path().join(FILE), text).unwrap();
        write(r#"{"about": "menus", "min_score": -1.5}"#);
        let domain = Domain::from_dir(dir.path()).unwrap().unwrap();
        assert_eq!((domain.about.as_str(), domain.min_score), ("menus", Some(-1.5)));
        write(r#"{"minimum": -1.5}"#);
        let message = Domain::from_dir(dir.path()).unwrap_err().to_string();
        assert!(message.contains("domain.json") && message.contains("minimum"), "{message}");
    }
}
