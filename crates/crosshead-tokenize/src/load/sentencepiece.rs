//! SentencePiece models, with the ids that each family assigns to their pieces.

use std::path::Path;
use std::sync::Arc;

use tokenizers::normalizers::{
    Lowercase, NFKD, Precompiled, Replace, Sequence as Normalizers, StripAccents,
};
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{AddedToken, NormalizerWrapper, PreTokenizerWrapper};

use super::directory::Directory;
use super::{Built, VOCAB_JSON, languages};
use crate::family::Family;
use crate::files::{ADDED_TOKENS, CHAT_TEMPLATE, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG};
use crate::pipeline::{NamedIds, Normalization, Pipeline, Renumbered, Vocabulary};
use crate::sentencepiece::SentencePiece;
use crate::tokenizer::save::Files;
use crate::{SentencePieceError, SpecialRole, TokenizeError};

/// The default number of T5's sentinel tokens.
const EXTRA_IDS: usize = 100;
/// The default offset of Pegasus's pieces: the number of tokens before them, without padding and end.
const PEGASUS_OFFSET: usize = 103;
/// The largest supported value of both.
const MAX_EXTRA: usize = 10_000;
/// ALBERT's score penalty for pieces that end with a digit and a comma, so that they are never used.
const NUMBER_COMMA_PENALTY: f64 = 100.0;

pub(super) fn build(directory: &Directory, path: &Path) -> Result<Built, TokenizeError> {
    let model = SentencePiece::read(path)?;
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let files =
        [file, VOCAB_JSON, TOKENIZER_CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS, CHAT_TEMPLATE];
    let files = Files::keep(&directory.path, &files)?;
    if directory.family == Some(Family::M2m100) {
        let pipeline = m2m100(directory, &model, path)?;
        let added = languages::codes(Family::M2m100).iter();
        let added =
            added.map(|code| AddedToken::from(languages::token(Family::M2m100, code), true));
        let added = added.collect();
        return Ok(Built { added, files, trims: true, ..Built::new(pipeline) });
    }
    let layout = Layout::new(directory, &model)
        .map_err(|source| TokenizeError::SentencePiece { path: path.to_owned(), source })?;
    let control = model.control_pieces().map(|text| AddedToken::from(text, true));
    let unknown = AddedToken::from(layout.tokens[layout.unk].as_str(), true);
    let added = control.chain(layout.special).chain([unknown]).collect();
    let vocabulary = Arc::new(NamedIds::new(layout.tokens));
    let pipeline = numbered(directory, &model, path, layout.ids, vocabulary)?;
    Ok(Built { added, files, ..Built::new(pipeline) })
}

/// The pipeline of a model with pieces that have the ids of a separate vocabulary.
pub(super) fn renumbered(
    directory: &Directory,
    model: &SentencePiece,
    path: &Path,
    vocabulary: &Arc<NamedIds>,
) -> Result<Pipeline, TokenizeError> {
    let unk = directory.required(SpecialRole::Unk)?;
    let unk = vocabulary.ids.get(&unk).copied();
    let unk = unk.ok_or(TokenizeError::MissingSpecialToken { role: SpecialRole::Unk })?;
    let ids = model.pieces.iter().map(|piece| vocabulary.ids.get(&piece.text).copied());
    let ids = ids.map(|id| id.unwrap_or(unk)).collect();
    numbered(directory, model, path, ids, vocabulary.clone())
}

/// The pipeline of a model with pieces that have these ids.
pub(super) fn numbered(
    directory: &Directory,
    model: &SentencePiece,
    path: &Path,
    ids: Vec<u32>,
    vocabulary: Arc<NamedIds>,
) -> Result<Pipeline, TokenizeError> {
    let invalid = |source| TokenizeError::Build { path: path.to_owned(), source };
    let is_albert = directory.family == Some(Family::Albert);
    let segmenter = model.model(|text| if is_albert { albert_penalty(text) } else { 0.0 });
    let user_defined = model.user_defined_pieces();
    let user_defined = user_defined.map(|(piece, text)| (text.to_owned(), ids[piece])).collect();
    let bytes = model.byte_pieces();
    let bytes = bytes.map(|pieces| pieces.into_iter().map(|piece| ids[piece]).collect());
    let unk = model.unk as u32;
    let vocabulary = Renumbered {
        model: segmenter.map_err(invalid)?,
        unk,
        ids,
        user_defined,
        bytes,
        vocabulary,
    };
    pipeline(directory, model, Vocabulary::Renumbered(vocabulary)).map_err(invalid)
}

/// The adjustment of a piece's score in ALBERT, which does not use pieces for numbers with a comma.
fn albert_penalty(text: &str) -> f64 {
    let number = text.strip_suffix(',').and_then(|rest| rest.chars().last());
    if number.is_some_and(char::is_numeric) { -NUMBER_COMMA_PENALTY } else { 0.0 }
}

/// M2M-100: ids from `vocab.json`, followed by the languages.
fn m2m100(
    directory: &Directory,
    model: &SentencePiece,
    path: &Path,
) -> Result<Pipeline, TokenizeError> {
    let vocabulary = directory.named_ids(VOCAB_JSON)?;
    renumbered(directory, model, path, &vocabulary)
}

/// Adds normalizer, pre-tokenizer and decoder to a vocabulary.
fn pipeline(
    directory: &Directory,
    model: &SentencePiece,
    vocabulary: Vocabulary,
) -> tokenizers::Result<Pipeline> {
    let mut pipeline = Pipeline::new(vocabulary);
    if directory.family == Some(Family::Albert) {
        pipeline
            .with_normalizer(Some(Normalization::Library(albert_normalizer(directory, model)?)))?
            .with_pre_tokenizer(Some(Sequence::new(vec![
                PreTokenizerWrapper::from(WhitespaceSplit),
                PreTokenizerWrapper::from(Metaspace::default()),
            ])))
            .with_decoder(Some(Metaspace::default()));
        return Ok(pipeline);
    }
    let mut normalizer = model.normalizer.clone();
    // Llama without `legacy` adds a space only at the start of the text, not after a special token.
    normalizer.only_at_start =
        directory.family == Some(Family::Llama) && directory.config.legacy == Some(false);
    pipeline
        .with_normalizer(Some(Normalization::SentencePiece(normalizer)))?
        .with_pre_tokenizer(model.split_user_defined()?)
        .with_decoder(Some(model.decoder()?));
    Ok(pipeline)
}

/// ALBERT's normalizer, which applies additional steps before SentencePiece's rules.
fn albert_normalizer(
    directory: &Directory,
    model: &SentencePiece,
) -> tokenizers::Result<NormalizerWrapper> {
    let mut steps: Vec<NormalizerWrapper> =
        vec![Replace::new("``", "\"")?.into(), Replace::new("''", "\"")?.into()];
    if !directory.config.keep_accents.unwrap_or(false) {
        steps.extend([NFKD.into(), StripAccents.into()]);
    }
    if directory.config.do_lower_case.unwrap_or(true) {
        steps.push(Lowercase.into());
    }
    if !model.charsmap.is_empty() {
        steps.push(Precompiled::from(&model.charsmap).map_err(|error| error.to_string())?.into());
    }
    Ok(Normalizers::new(steps).into())
}

/// The vocabulary of a family: pieces and additional tokens, by id.
struct Layout {
    tokens: Vec<String>,
    /// The id of each piece.
    ids: Vec<u32>,
    unk: usize,
    /// Special tokens that are not pieces.
    special: Vec<AddedToken>,
}

impl Layout {
    fn new(directory: &Directory, model: &SentencePiece) -> Result<Self, SentencePieceError> {
        let pieces = model.pieces.iter().map(|piece| piece.text.clone());
        let ids = 0..model.pieces.len() as u32;
        let special =
            |tokens: &[String]| tokens.iter().map(|t| AddedToken::from(t, true)).collect();
        let family = directory.family;
        let bounded = |key, value: Option<usize>, default| match value.unwrap_or(default) {
            count if count > MAX_EXTRA => {
                Err(SentencePieceError::TooManyTokens { key, count, limit: MAX_EXTRA })
            }
            count => Ok(count),
        };
        Ok(match family {
            Some(Family::T5) => {
                let count = bounded("extra_ids", directory.config.extra_ids, EXTRA_IDS)?;
                let sentinels: Vec<String> =
                    (0..count).rev().map(|i| format!("<extra_id_{i}>")).collect();
                let special = special(&sentinels);
                let tokens = pieces.chain(sentinels).collect();
                Self { tokens, ids: ids.collect(), unk: model.unk, special }
            }
            Some(
                family @ (Family::MBart | Family::MBart50 | Family::Nllb | Family::XlmRoberta),
            ) => {
                // fairseq's first four tokens replace SentencePiece's first three.
                let first = ["<s>", "<pad>", "</s>", "<unk>"].map(str::to_owned);
                if model.unk > 2 || model.pieces.len() < 3 {
                    return Err(SentencePieceError::UnknownPiecePosition);
                }
                let last = languages::codes(family).iter().map(|&code| code.to_owned());
                let last: Vec<String> = last.chain(["<mask>".to_owned()]).collect();
                let special = special(&last[..last.len() - 1]);
                let tokens = first.into_iter().chain(pieces.skip(3)).chain(last).collect();
                let ids = ids.map(|piece| if piece < 3 { 3 } else { piece + 1 }).collect();
                Self { tokens, ids, unk: 3, special }
            }
            Some(Family::Pegasus) => {
                let offset = bounded("offset", directory.config.offset, PEGASUS_OFFSET)?;
                let sent = directory.config.mask_token_sent.clone();
                let first = ["<pad>", "</s>", sent.as_deref().unwrap_or("<mask_1>"), "<mask_2>"];
                let first = first.map(str::to_owned).into_iter();
                let first: Vec<String> =
                    first.chain((2..).map(|i| format!("<unk_{i}>"))).take(2 + offset).collect();
                let special = special(&first);
                let tokens = first.into_iter().chain(pieces.skip(2)).collect();
                let ids = ids.map(|piece| piece + offset as u32).collect();
                Self { tokens, ids, unk: model.unk + offset, special }
            }
            Some(
                Family::Albert
                | Family::Bert
                | Family::Gpt2
                | Family::Llama
                | Family::M2m100
                | Family::Marian
                | Family::Qwen2
                | Family::Roberta,
            )
            | None => Self {
                tokens: pieces.collect(),
                ids: ids.collect(),
                unk: model.unk,
                special: Vec::new(),
            },
        })
    }
}
