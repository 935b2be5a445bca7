//! Trains vocabularies. The result is a pure function of the text and the configuration.

mod bpe;
mod characters;
mod unigram;
mod word_piece;

pub use bpe::BpeConfig;
pub use unigram::UnigramConfig;
pub use word_piece::WordPieceConfig;

use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{
    AddedToken, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString,
    PreTokenizer,
};

use crate::TokenizeError;
use crate::template::TokenTemplate;

/// End of sequence: id 0 of a BPE or Unigram tokenizer trained by this crate.
pub const EOS_TOKEN: &str = "</s>";
/// A character that is not in the training text: id 1 of a BPE or Unigram tokenizer trained by this crate, id 0 of a
/// character-level one.
pub const UNK_TOKEN: &str = "<unk>";
/// Padding and decoder start: the last id of a BPE or Unigram tokenizer trained by this crate.
pub const PAD_TOKEN: &str = "<pad>";
/// Separator of texts: the last id of a byte-level or character-level tokenizer trained by this crate.
pub const END_OF_TEXT_TOKEN: &str = "<|endoftext|>";

const EOS_ID: u32 = 0;
const UNK_ID: u32 = 1;

/// Splits a line at every spelled-out special token, so that no learned token contains one.
fn split_at_special<'a>(line: &'a str, special_tokens: &[&str]) -> Vec<&'a str> {
    special_tokens.iter().fold(vec![line], |parts, token| {
        parts.into_iter().flat_map(|part| part.split(token)).collect()
    })
}

/// The words of a line after the tokenizer's normalizer and pre-tokenizer.
fn words(tokenizer: &tokenizers::Tokenizer, line: &str) -> tokenizers::Result<Vec<String>> {
    let mut line = NormalizedString::from(line);
    if let Some(normalizer) = tokenizer.get_normalizer() {
        normalizer.normalize(&mut line)?;
    }
    let mut line = PreTokenizedString::from(line);
    if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut line)?;
    }
    let splits = line.get_splits(OffsetReferential::Normalized, OffsetType::None);
    Ok(splits.into_iter().map(|(word, ..)| word.to_owned()).collect())
}

/// Adds a token after all others and returns its id.
fn add_last(tokenizer: &mut tokenizers::Tokenizer, token: &str) -> Result<u32, TokenizeError> {
    let id = tokenizer.get_vocab_size(true);
    let token = AddedToken::from(token, true);
    tokenizer.add_special_tokens([token]).map_err(TokenizeError::Train)?;
    Ok(id as u32)
}

/// The name of a sentinel, as in T5.
pub fn sentinel(index: usize) -> String {
    format!("<extra_id_{index}>")
}

/// Adds the sentinels and, as the last token, `<pad>`, whose id it returns.
fn add_sentinels_and_pad(
    tokenizer: &mut tokenizers::Tokenizer,
    sentinels: usize,
) -> Result<u32, TokenizeError> {
    for index in 0..sentinels {
        add_last(tokenizer, &sentinel(index))?;
    }
    add_last(tokenizer, PAD_TOKEN)
}

/// Checks that a vocabulary does not exceed the requested size. Trainers keep the complete alphabet even if it is too
/// large.
fn check_size(tokenizer: &tokenizers::Tokenizer, vocab_size: usize) -> Result<(), TokenizeError> {
    let smallest = tokenizer.get_vocab_size(true);
    if smallest > vocab_size {
        return Err(TokenizeError::VocabularyTooSmall { vocab_size, smallest });
    }
    Ok(())
}

/// The post-processor that appends `</s>` to every text.
fn append_eos() -> TemplateProcessing {
    let template = TokenTemplate::with_end((EOS_TOKEN.to_owned(), EOS_ID));
    TokenTemplate { second_segment: 1, ..template }.processor()
}
