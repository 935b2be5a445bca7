//! Marian: separate SentencePiece models for source and target, with ids from `vocab.json`.

use std::sync::Arc;

use super::directory::Directory;
use super::sentencepiece::renumbered;
use super::{Built, SOURCE_SPM, TARGET_SPM, VOCAB_JSON};
use crate::family::Family;
use crate::files::{ADDED_TOKENS, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG};
use crate::pipeline::{NamedIds, Pipeline};
use crate::sentencepiece::SentencePiece;
use crate::tokenizer::save::Files;
use crate::{SpecialRole, TokenizeError};

/// The ids of the target, in models with separate vocabularies.
const TARGET_VOCAB: &str = "target_vocab.json";

pub(super) fn build(directory: &mut Directory) -> Result<Built, TokenizeError> {
    directory.family = Some(Family::Marian);
    let shared = directory.named_ids(VOCAB_JSON)?;
    let target_ids = if directory.config.separate_vocabs.unwrap_or(false) {
        directory.named_ids(TARGET_VOCAB)?
    } else {
        shared.clone()
    };
    let source = side(directory, SOURCE_SPM, &shared)?;
    let target = side(directory, TARGET_SPM, &target_ids)?;
    let mut built = Built { target: Some(target), trims: true, ..Built::new(source) };
    let unk = directory.required(SpecialRole::Unk)?;
    built.languages.unknown_leading_code = shared.ids.get(&unk).copied();
    let files = [
        SOURCE_SPM,
        TARGET_SPM,
        VOCAB_JSON,
        TARGET_VOCAB,
        TOKENIZER_CONFIG,
        SPECIAL_TOKENS_MAP,
        ADDED_TOKENS,
    ];
    built.files = Files::keep(&directory.path, &files)?;
    Ok(built)
}

fn side(
    directory: &Directory,
    file: &str,
    vocabulary: &Arc<NamedIds>,
) -> Result<Pipeline, TokenizeError> {
    let path = directory.file(file);
    renumbered(directory, &SentencePiece::read(&path)?, &path, vocabulary)
}
