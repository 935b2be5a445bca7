//! WordPiece from BERT's `vocab.txt`.

use tokenizers::NormalizerWrapper;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;

use super::config::TokenizerConfig;
use super::directory::Directory;
use super::{Built, VOCAB_TXT};
use crate::bert::{self, BertText};
use crate::family::Family;
use crate::pipeline::{Normalization, Pipeline, from_library};
use crate::vocabulary::read_lines;
use crate::{SpecialRole, TokenizeError};

pub(super) fn build(directory: &mut Directory) -> Result<Built, TokenizeError> {
    directory.family = Some(Family::Bert);
    let path = directory.file(VOCAB_TXT);
    let unk = directory.required(SpecialRole::Unk)?;
    let vocabulary = read_lines(&path)?;
    if !vocabulary.contains_key(&unk) {
        let source = format!("the unknown token `{unk}` is missing").into();
        return Err(TokenizeError::Build { path, source });
    }
    let invalid = |source| TokenizeError::Build { path: path.clone(), source };
    let model = WordPiece::builder().vocab(vocabulary).unk_token(unk).build().map_err(invalid)?;
    let text = bert_text(&directory.config);
    Ok(Built::new(from_library(&bert::assemble(model, text).map_err(invalid)?)))
}

/// Applies the normalizer options of `tokenizer_config.json`, which override `tokenizer.json` as in `transformers`.
pub(super) fn apply_config(
    config: &TokenizerConfig,
    pipeline: &mut Pipeline,
) -> tokenizers::Result<()> {
    if config.class_family() != Some(Family::Bert) {
        return Ok(());
    }
    if let Some(Normalization::Library(NormalizerWrapper::BertNormalizer(normalizer))) =
        pipeline.get_normalizer()
    {
        let BertText { lowercase, strip_accents, split_chinese } = bert_text(config);
        let clean = normalizer.clean_text;
        let normalizer = BertNormalizer::new(clean, split_chinese, strip_accents, lowercase);
        pipeline.with_normalizer(Some(NormalizerWrapper::from(normalizer)))?;
    }
    Ok(())
}

fn bert_text(config: &TokenizerConfig) -> BertText {
    BertText {
        lowercase: config.do_lower_case.unwrap_or(true),
        strip_accents: config.strip_accents,
        split_chinese: config.tokenize_chinese_chars.unwrap_or(true),
    }
}
