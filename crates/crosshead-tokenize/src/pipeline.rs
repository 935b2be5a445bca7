//! The tokenizer pipeline: components of the `tokenizers` library, and our own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};
use tokenizers::models::{ModelWrapper, TrainerWrapper};
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::{
    DecoderWrapper, Model, NormalizedString, Normalizer, NormalizerWrapper, PostProcessorWrapper,
    PreTokenizerWrapper, Token, TokenizerImpl,
};

use crate::sentencepiece::SentencePieceNormalizer;

/// A tokenizer made of these components.
pub(crate) type Pipeline = TokenizerImpl<
    Vocabulary,
    Normalization,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// The normalizer of a pipeline.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "NormalizerWrapper")]
pub(crate) enum Normalization {
    Library(NormalizerWrapper),
    SentencePiece(SentencePieceNormalizer),
    /// Lowercases the text first.
    LowercaseSentencePiece(SentencePieceNormalizer),
}

impl Normalization {
    /// Lowercases, then applies `normalization`. If `normalization` already lowercases, it is returned unchanged.
    pub(crate) fn lowercase(normalization: Option<&Self>) -> Self {
        let lowercase = || NormalizerWrapper::from(Lowercase);
        let steps = match normalization {
            None => vec![lowercase()],
            Some(Self::Library(NormalizerWrapper::Lowercase(_))) => vec![lowercase()],
            Some(Self::Library(NormalizerWrapper::Sequence(steps))) => {
                let is_lowercase = |step: &_| matches!(step, NormalizerWrapper::Lowercase(_));
                let first = (!steps.as_ref().iter().any(is_lowercase)).then(lowercase);
                first.into_iter().chain(steps.as_ref().iter().cloned()).collect()
            }
            Some(Self::Library(step)) => vec![lowercase(), step.clone()],
            Some(Self::SentencePiece(normalizer) | Self::LowercaseSentencePiece(normalizer)) => {
                return Self::LowercaseSentencePiece(normalizer.clone());
            }
        };
        Self::Library(Sequence::new(steps).into())
    }
}

impl From<NormalizerWrapper> for Normalization {
    fn from(normalizer: NormalizerWrapper) -> Self {
        Self::Library(normalizer)
    }
}

impl Serialize for Normalization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Library(normalizer) => normalizer.serialize(serializer),
            Self::SentencePiece(_) | Self::LowercaseSentencePiece(_) => {
                Err(S::Error::custom("SentencePiece's normalizer has no JSON form"))
            }
        }
    }
}

impl Normalizer for Normalization {
    fn normalize(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        match self {
            Self::Library(normalizer) => normalizer.normalize(text),
            Self::SentencePiece(normalizer) => normalizer.normalize(text),
            Self::LowercaseSentencePiece(normalizer) => {
                text.lowercase();
                normalizer.normalize(text)
            }
        }
    }
}

/// The model that segments words into tokens, and their ids.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "ModelWrapper")]
pub(crate) enum Vocabulary {
    Library(ModelWrapper),
    Renumbered(Renumbered),
}

impl From<ModelWrapper> for Vocabulary {
    fn from(model: ModelWrapper) -> Self {
        Self::Library(model)
    }
}

impl Serialize for Vocabulary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Library(model) => model.serialize(serializer),
            Self::Renumbered(_) => {
                Err(S::Error::custom("a model with a separate vocabulary has no JSON form"))
            }
        }
    }
}

/// A SentencePiece model with pieces that have the ids of a separate vocabulary. Control pieces are in the vocabulary,
/// but not in the model: when spelled out in a text, they are ordinary characters.
#[derive(Clone, Debug)]
pub(crate) struct Renumbered {
    /// Segments words into pieces.
    pub(crate) model: ModelWrapper,
    /// The index of the unknown piece.
    pub(crate) unk: u32,
    /// The id of each piece in the vocabulary, or that of the unknown token.
    pub(crate) ids: Vec<u32>,
    /// The ids of user-defined pieces.
    pub(crate) user_defined: HashMap<String, u32>,
    /// The ids of the 256 bytes, if the model has byte fallback.
    pub(crate) bytes: Option<Vec<u32>>,
    pub(crate) vocabulary: Arc<NamedIds>,
}

impl Renumbered {
    /// Segments a word with `segment`, which gives the model's ids.
    fn tokenize_by(
        &self,
        word: &str,
        segment: impl FnOnce(&str) -> tokenizers::Result<Vec<Token>>,
    ) -> tokenizers::Result<Vec<Token>> {
        if let Some(&id) = self.user_defined.get(word) {
            return Ok(vec![Token::new(id, word.to_owned(), (0, word.len()))]);
        }
        let mut tokens = Vec::new();
        for token in segment(word)? {
            let (from, to) = token.offsets;
            match &self.bytes {
                Some(bytes) if token.id == self.unk => tokens.extend((from..to).map(|offset| {
                    let id = bytes[usize::from(word.as_bytes()[offset])];
                    let value = self.vocabulary.tokens.get(id as usize).cloned();
                    Token::new(id, value.unwrap_or_default(), (offset, offset + 1))
                })),
                _ => tokens.push(Token { id: self.ids[token.id as usize], ..token }),
            }
        }
        Ok(tokens)
    }
}

/// Tokens and their ids.
#[derive(Debug)]
pub(crate) struct NamedIds {
    pub(crate) ids: HashMap<String, u32>,
    pub(crate) tokens: Vec<String>,
}

impl NamedIds {
    /// Assigns the ids from 0 to the tokens, in order.
    pub(crate) fn new(tokens: Vec<String>) -> Self {
        let ids = tokens.iter().cloned().zip(0..).collect();
        Self { ids, tokens }
    }
}

impl Model for Vocabulary {
    type Trainer = TrainerWrapper;

    fn tokenize(&self, word: &str) -> tokenizers::Result<Vec<Token>> {
        match self {
            Self::Library(model) => model.tokenize(word),
            Self::Renumbered(renumbered) => {
                renumbered.tokenize_by(word, |word| renumbered.model.tokenize(word))
            }
        }
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        match self {
            Self::Library(model) => model.token_to_id(token),
            Self::Renumbered(renumbered) => renumbered.vocabulary.ids.get(token).copied(),
        }
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        match self {
            Self::Library(model) => model.id_to_token(id),
            Self::Renumbered(renumbered) => renumbered.vocabulary.tokens.get(id as usize).cloned(),
        }
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        match self {
            Self::Library(model) => model.get_vocab(),
            Self::Renumbered(renumbered) => renumbered.vocabulary.ids.clone(),
        }
    }

    fn get_vocab_size(&self) -> usize {
        match self {
            Self::Library(model) => model.get_vocab_size(),
            Self::Renumbered(renumbered) => renumbered.vocabulary.tokens.len(),
        }
    }

    fn save(&self, folder: &Path, prefix: Option<&str>) -> tokenizers::Result<Vec<PathBuf>> {
        self.library().save(folder, prefix)
    }

    fn get_trainer(&self) -> TrainerWrapper {
        self.library().get_trainer()
    }
}

/// Converts a tokenizer of the library.
pub(crate) fn from_library(tokenizer: &tokenizers::Tokenizer) -> Pipeline {
    let mut pipeline = Pipeline::new(tokenizer.get_model().clone().into());
    pipeline
        .with_normalizer(tokenizer.get_normalizer().cloned())
        .expect("the pipeline has no added tokens to normalize")
        .with_pre_tokenizer(tokenizer.get_pre_tokenizer().cloned())
        .with_post_processor(tokenizer.get_post_processor().cloned())
        .with_decoder(tokenizer.get_decoder().cloned())
        .with_added_vocabulary(tokenizer.get_added_vocabulary().clone());
    pipeline
}

impl Vocabulary {
    /// The library's model, whose ids may differ from those of the vocabulary.
    pub(crate) fn library(&self) -> &ModelWrapper {
        match self {
            Self::Library(model) => model,
            Self::Renumbered(renumbered) => &renumbered.model,
        }
    }

    /// Segments a word with `segment`, which gives the ids of the library's model.
    pub(crate) fn tokenize_by(
        &self,
        word: &str,
        segment: impl FnOnce(&str) -> tokenizers::Result<Vec<Token>>,
    ) -> tokenizers::Result<Vec<Token>> {
        match self {
            Self::Library(_) => segment(word),
            Self::Renumbered(renumbered) => renumbered.tokenize_by(word, segment),
        }
    }

    /// Whether unknown characters are encoded as bytes.
    pub(crate) fn byte_fallback(&self) -> bool {
        match self {
            Self::Library(ModelWrapper::BPE(model)) => model.byte_fallback,
            Self::Library(ModelWrapper::Unigram(model)) => model.byte_fallback(),
            Self::Library(ModelWrapper::WordPiece(_) | ModelWrapper::WordLevel(_)) => false,
            Self::Renumbered(renumbered) => renumbered.bytes.is_some(),
        }
    }
}
