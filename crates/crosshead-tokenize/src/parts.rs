//! The parts of a tokenizer: those of the library, and those it lacks.

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

/// A tokenizer of these parts.
pub(crate) type Pipeline = TokenizerImpl<
    Vocabulary,
    Normalization,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// What is changed in a text before it is cut.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "NormalizerWrapper")]
pub(crate) enum Normalization {
    Library(NormalizerWrapper),
    SentencePiece(SentencePieceNormalizer),
    /// SentencePiece's, of a text in lowercase.
    LowercaseSentencePiece(SentencePieceNormalizer),
}

impl Normalization {
    /// Lowercase, then what is changed anyway; as it is if that has a step for lowercase.
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
                Err(S::Error::custom("SentencePiece's normalization"))
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

/// The model that cuts words into tokens, and their ids.
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
            Self::Renumbered(_) => Err(S::Error::custom("a model with the ids of another")),
        }
    }
}

/// A model whose tokens have the ids of another vocabulary.
#[derive(Clone, Debug)]
pub(crate) struct Renumbered {
    /// Cuts words into tokens.
    pub(crate) model: ModelWrapper,
    /// For each id of the model the id of the same token in the vocabulary, or that of the unknown token.
    pub(crate) ids: Vec<u32>,
    pub(crate) vocabulary: Arc<NamedIds>,
}

/// Tokens and their ids.
#[derive(Debug)]
pub(crate) struct NamedIds {
    pub(crate) ids: HashMap<String, u32>,
    pub(crate) tokens: Vec<String>,
}

impl NamedIds {
    /// The tokens by their ids from 0.
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
            Self::Renumbered(Renumbered { model, ids, .. }) => {
                let mut tokens = model.tokenize(word)?;
                for token in &mut tokens {
                    token.id = ids[token.id as usize];
                }
                Ok(tokens)
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
            Self::Renumbered(renumbered) => renumbered.vocabulary.ids.len(),
        }
    }

    fn save(&self, folder: &Path, prefix: Option<&str>) -> tokenizers::Result<Vec<PathBuf>> {
        self.library().save(folder, prefix)
    }

    fn get_trainer(&self) -> TrainerWrapper {
        self.library().get_trainer()
    }
}

/// The same tokenizer with these parts.
pub(crate) fn adopt(tokenizer: &tokenizers::Tokenizer) -> Pipeline {
    let mut pipeline = Pipeline::new(tokenizer.get_model().clone().into());
    pipeline
        .with_normalizer(tokenizer.get_normalizer().cloned())
        .with_pre_tokenizer(tokenizer.get_pre_tokenizer().cloned())
        .with_post_processor(tokenizer.get_post_processor().cloned())
        .with_decoder(tokenizer.get_decoder().cloned())
        .with_added_vocabulary(tokenizer.get_added_vocabulary().clone());
    pipeline
}

impl Vocabulary {
    /// The library's model, with ids of its own.
    pub(crate) fn library(&self) -> &ModelWrapper {
        match self {
            Self::Library(model) => model,
            Self::Renumbered(renumbered) => &renumbered.model,
        }
    }
}
