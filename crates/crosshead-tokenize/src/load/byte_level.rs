//! Byte-level BPE from `vocab.json` and `merges.txt`, as in GPT-2, RoBERTa, BART and Qwen2.

use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::{NFC, NormalizerWrapper};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{PreTokenizerWrapper, SplitDelimiterBehavior};

use super::config::TokenizerConfig;
use super::directory::Directory;
use super::{Built, MERGES, VOCAB_JSON};
use crate::TokenizeError;
use crate::family::Family;
use crate::pipeline::{Normalization, Pipeline, Vocabulary};
use crate::vocabulary::{read_ids, read_merges};

/// Qwen2's pre-tokenization pattern.
const QWEN2_WORDS: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

pub(super) fn build(directory: &mut Directory) -> Result<Built, TokenizeError> {
    let family = *directory.family.get_or_insert(Family::Gpt2);
    let path = directory.file(VOCAB_JSON);
    let vocabulary = read_ids(&path)?.into_iter().zip(0..).collect();
    let merges = read_merges(&directory.file(MERGES), &vocabulary)?;
    let invalid = |source| TokenizeError::Build { path: path.clone(), source };
    let model = BPE::builder().vocab_and_merges(vocabulary, merges).build().map_err(invalid)?;
    let bytes =
        ByteLevel::default().add_prefix_space(directory.config.add_prefix_space.unwrap_or(false));
    let mut pipeline = Pipeline::new(Vocabulary::from(ModelWrapper::BPE(model)));
    pipeline.with_decoder(Some(ByteLevel::default()));
    if family == Family::Qwen2 {
        let pattern = SplitPattern::Regex(QWEN2_WORDS.to_owned());
        let words =
            Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(invalid)?;
        let steps = vec![
            PreTokenizerWrapper::from(words),
            PreTokenizerWrapper::from(bytes.use_regex(false)),
        ];
        pipeline
            .with_normalizer(Some(Normalization::from(NormalizerWrapper::from(NFC))))
            .map_err(invalid)?
            .with_pre_tokenizer(Some(Sequence::new(steps)));
    } else {
        pipeline.with_pre_tokenizer(Some(bytes));
    }
    Ok(Built::new(pipeline))
}

/// Applies `add_prefix_space` of `tokenizer_config.json`, which overrides `tokenizer.json` as in `transformers`.
pub(super) fn apply_config(config: &TokenizerConfig, pipeline: &mut Pipeline) {
    if !matches!(config.class_family(), Some(Family::Gpt2 | Family::Roberta)) {
        return;
    }
    if let Some(PreTokenizerWrapper::ByteLevel(bytes)) = pipeline.get_pre_tokenizer() {
        let bytes = bytes.add_prefix_space(config.add_prefix_space.unwrap_or(false));
        pipeline.with_pre_tokenizer(Some(bytes));
    }
}
