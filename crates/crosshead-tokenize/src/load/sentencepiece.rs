//! SentencePiece's models, with the ids that each family gives their pieces.

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
use crate::parts::{NamedIds, Normalization, Pipeline, Renumbered, Vocabulary};
use crate::sentencepiece::{Piece, SentencePiece};
use crate::tokenizer::save::Files;
use crate::{SpecialRole, TokenizeError};

/// T5's sentinels.
const EXTRA_IDS: usize = 100;
/// Tokens before the pieces of Pegasus, beside padding and end.
const PEGASUS_OFFSET: usize = 103;
/// The most of either that a file may ask for.
const MAX_EXTRA: usize = 10_000;
/// What ALBERT takes from the score of a piece that ends with a digit and a comma, so that it isn't used.
const NUMBER_COMMA_PENALTY: f64 = 100.0;
/// The score of pieces that only tokens found before cutting are.
const UNSCORED: f64 = 0.0;

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
        .map_err(|reason| TokenizeError::SentencePiece { path: path.to_owned(), reason })?;
    let control = model.control_pieces().map(|text| AddedToken::from(text, true));
    let unknown = AddedToken::from(layout.entries[layout.unk].0.as_str(), true);
    let added = control.chain(layout.special).chain([unknown]).collect();
    let invalid = |source| TokenizeError::Build { path: path.to_owned(), source };
    let vocabulary = model.model(layout.entries, layout.unk).map_err(invalid)?;
    let pipeline = pipeline(directory, &model, vocabulary.into()).map_err(invalid)?;
    Ok(Built { added, files, ..Built::new(pipeline) })
}

/// A model's pieces with the ids that another vocabulary gives them.
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
    let invalid = |source| TokenizeError::Build { path: path.to_owned(), source };
    let cut = model.model(model.hidden_entries(), model.unk).map_err(invalid)?;
    let vocabulary = Renumbered { model: cut, ids, vocabulary: vocabulary.clone() };
    pipeline(directory, model, Vocabulary::Renumbered(vocabulary)).map_err(invalid)
}

/// M2M-100 has its ids in `vocab.json`, followed by its languages.
fn m2m100(
    directory: &Directory,
    model: &SentencePiece,
    path: &Path,
) -> Result<Pipeline, TokenizeError> {
    let known = directory.named_ids(VOCAB_JSON)?;
    renumbered(directory, model, path, &known)
}

/// Everything around a vocabulary: normalization, cutting, joining.
fn pipeline(
    directory: &Directory,
    model: &SentencePiece,
    vocabulary: Vocabulary,
) -> tokenizers::Result<Pipeline> {
    let mut pipeline = Pipeline::new(vocabulary);
    if directory.family == Some(Family::Albert) {
        pipeline
            .with_normalizer(Some(Normalization::Library(albert_normalizer(directory, model)?)))
            .with_pre_tokenizer(Some(Sequence::new(vec![
                PreTokenizerWrapper::from(WhitespaceSplit),
                PreTokenizerWrapper::from(Metaspace::default()),
            ])))
            .with_decoder(Some(Metaspace::default()));
        return Ok(pipeline);
    }
    let mut normalizer = model.normalizer.clone();
    // Later versions put a space only before the text, not before what follows a special token inside.
    normalizer.only_at_start =
        directory.family == Some(Family::Llama) && directory.config.legacy == Some(false);
    pipeline
        .with_normalizer(Some(Normalization::SentencePiece(normalizer)))
        .with_pre_tokenizer(model.split_user_defined()?)
        .with_decoder(Some(model.decoder()?));
    Ok(pipeline)
}

/// ALBERT prepares a text before SentencePiece's rules.
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

/// The tokens of a family by id, most of them pieces.
struct Layout {
    entries: Vec<(String, f64)>,
    unk: usize,
    /// Entries that are no pieces.
    special: Vec<AddedToken>,
}

impl Layout {
    fn new(directory: &Directory, model: &SentencePiece) -> Result<Self, String> {
        let pieces = entries(&model.pieces);
        let unscored = |token: String| (token, UNSCORED);
        let special =
            |tokens: &[String]| tokens.iter().map(|t| AddedToken::from(t, true)).collect();
        let family = directory.family;
        let bounded = |key, value: Option<usize>, default| match value.unwrap_or(default) {
            count if count > MAX_EXTRA => {
                Err(format!("`{key}` is {count} in tokenizer_config.json"))
            }
            count => Ok(count),
        };
        Ok(match family {
            Some(Family::T5) => {
                let count = bounded("extra_ids", directory.config.extra_ids, EXTRA_IDS)?;
                let sentinels: Vec<String> =
                    (0..count).rev().map(|i| format!("<extra_id_{i}>")).collect();
                let special = special(&sentinels);
                let entries = pieces.chain(sentinels.into_iter().map(unscored)).collect();
                Self { entries, unk: model.unk, special }
            }
            Some(
                family @ (Family::MBart | Family::MBart50 | Family::Nllb | Family::XlmRoberta),
            ) => {
                // fairseq's first four tokens stand in place of SentencePiece's first three.
                let first = ["<s>", "<pad>", "</s>", "<unk>"].map(str::to_owned);
                if model.unk > 2 || model.pieces.len() < 3 {
                    return Err("the unknown piece is not among the first three".to_owned());
                }
                let last = languages::codes(family).iter().map(|&code| code.to_owned());
                let last: Vec<String> = last.chain(["<mask>".to_owned()]).collect();
                let special = special(&last[..last.len() - 1]);
                let entries = first.into_iter().map(unscored).chain(pieces.skip(3));
                let entries = entries.chain(last.into_iter().map(unscored)).collect();
                Self { entries, unk: 3, special }
            }
            Some(Family::Pegasus) => {
                let offset = bounded("offset", directory.config.offset, PEGASUS_OFFSET)?;
                let sent = directory.config.mask_token_sent.clone();
                let first = ["<pad>", "</s>", sent.as_deref().unwrap_or("<mask_1>"), "<mask_2>"];
                let first = first.map(str::to_owned).into_iter();
                let first: Vec<String> =
                    first.chain((2..).map(|i| format!("<unk_{i}>"))).take(2 + offset).collect();
                let special = special(&first);
                let entries = first.into_iter().map(unscored).chain(pieces.skip(2)).collect();
                Self { entries, unk: model.unk + offset, special }
            }
            Some(Family::Albert) => {
                let penalty = |text: &str| {
                    let number = text.strip_suffix(',').and_then(|rest| rest.chars().last());
                    number.is_some_and(char::is_numeric).then_some(NUMBER_COMMA_PENALTY)
                };
                let entries = pieces.map(|(text, score)| {
                    let penalty = penalty(&text).unwrap_or_default();
                    (text, score - penalty)
                });
                Self { entries: entries.collect(), unk: model.unk, special: Vec::new() }
            }
            _ => Self { entries: pieces.collect(), unk: model.unk, special: Vec::new() },
        })
    }
}

fn entries(pieces: &[Piece]) -> impl Iterator<Item = (String, f64)> {
    pieces.iter().map(|piece| (piece.text.clone(), piece.score))
}
