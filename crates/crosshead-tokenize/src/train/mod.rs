//! Learning a vocabulary from text. The result is a function of the text and the configuration alone.

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
use crate::frame::Frame;

/// Closes every sequence; id 0 of a BPE or Unigram tokenizer trained here.
pub const EOS_TOKEN: &str = "</s>";
/// Stands for a character that the training text didn't have; id 1 of a BPE or Unigram tokenizer trained here, id 0 of
/// one of characters.
pub const UNK_TOKEN: &str = "<unk>";
/// Fills rows of a batch and starts the decoder; the last id of a BPE or Unigram tokenizer trained here.
pub const PAD_TOKEN: &str = "<pad>";
/// Stands between texts; the last id of a byte-level or character tokenizer trained here.
pub const END_OF_TEXT_TOKEN: &str = "<|endoftext|>";

const EOS_ID: u32 = 0;
const UNK_ID: u32 = 1;

/// The line cut at every spelling of a special token, so that no token can spell one.
fn cut_at<'a>(line: &'a str, special_tokens: &[&str]) -> Vec<&'a str> {
    special_tokens.iter().fold(vec![line], |parts, token| {
        parts.into_iter().flat_map(|part| part.split(token)).collect()
    })
}

/// The words of a line as the tokenizer's normalizer and pre-tokenizer give them.
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

/// Adds a token behind all others and gives its id.
fn add_last(tokenizer: &mut tokenizers::Tokenizer, token: &str) -> u32 {
    let id = tokenizer.get_vocab_size(true);
    tokenizer.add_special_tokens(&[AddedToken::from(token, true)]);
    id as u32
}

/// Checks that a vocabulary has the size asked for: trainers keep the whole alphabet even beyond it.
fn check_size(tokenizer: &tokenizers::Tokenizer, vocab_size: usize) -> Result<(), TokenizeError> {
    let smallest = tokenizer.get_vocab_size(true);
    if smallest > vocab_size {
        return Err(TokenizeError::VocabularyTooSmall { vocab_size, smallest });
    }
    Ok(())
}

/// Puts `</s>` behind every text.
fn close_sequences() -> TemplateProcessing {
    Frame { second_segment: 1, ..Frame::closed_by((EOS_TOKEN.to_owned(), EOS_ID)) }.processor()
}
