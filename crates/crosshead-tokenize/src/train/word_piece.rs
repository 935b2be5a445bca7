//! Trains WordPiece.

use std::collections::BTreeSet;
use std::sync::Mutex;

use tokenizers::models::wordpiece::{WordPiece, WordPieceTrainer};
use tokenizers::{AddedToken, Trainer};

use super::{check_size, words};
use crate::bert::{self, BertText};
use crate::pipeline::from_library;
use crate::template::TokenTemplate;
use crate::{SpecialIds, TokenizeError, Tokenizer};

/// The special tokens. The index of each is its id.
const SPECIAL_TOKENS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const SPECIAL_IDS: SpecialIds = SpecialIds {
    pad: Some(0),
    unk: Some(1),
    cls: Some(2),
    sep: Some(3),
    mask: Some(4),
    bos: None,
    eos: None,
};

/// How to train WordPiece (Schuster and Nakajima 2012), as used by BERT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordPieceConfig {
    /// The maximum number of tokens, including special tokens.
    pub vocab_size: usize,
    /// Pairs with a lower frequency are not merged.
    pub min_frequency: u64,
    /// Whether texts are lowercased and accents stripped, as in BERT's uncased models.
    pub lowercase: bool,
}

impl WordPieceConfig {
    /// A lowercase vocabulary of `vocab_size` tokens, without a minimum frequency.
    pub fn new(vocab_size: usize) -> Self {
        Self { vocab_size, min_frequency: 0, lowercase: true }
    }

    /// Sets the minimum frequency of a merged pair.
    pub fn with_min_frequency(mut self, min_frequency: u64) -> Self {
        self.min_frequency = min_frequency;
        self
    }

    /// Sets whether texts are lowercased and accents stripped.
    pub fn with_lowercase(mut self, lowercase: bool) -> Self {
        self.lowercase = lowercase;
        self
    }
}

impl Tokenizer {
    /// Trains WordPiece (Schuster and Nakajima 2012) with BERT's pre-tokenization (Devlin et al. 2019).
    ///
    /// Ids: `[PAD]` 0, `[UNK]` 1, `[CLS]` 2, `[SEP]` 3, `[MASK]` 4, then the characters inside words and those that
    /// start one, each by code point, then the merges by rank. The result is a pure function of the lines and the
    /// configuration, for any number of threads. [`encode_with_special`](Self::encode_with_special) returns
    /// `[CLS] text [SEP]`.
    ///
    /// As in BERT, a special token spelled out in a text is encoded as the token, so that a text can contain `[MASK]`.
    /// Decoding does not restore spaces around punctuation.
    ///
    /// # Errors
    /// If all lines are blank, or the vocabulary size is too small for the characters.
    pub fn train_word_piece<'a>(
        lines: impl Iterator<Item = &'a str> + Send,
        config: &WordPieceConfig,
    ) -> Result<Self, TokenizeError> {
        let text =
            BertText { lowercase: config.lowercase, strip_accents: None, split_chinese: true };
        let [_, _, cls, sep, _] = SPECIAL_TOKENS.map(str::to_owned);
        let mut inner = bert::assemble(WordPiece::default(), text).map_err(TokenizeError::Train)?;
        inner.with_post_processor(Some(TokenTemplate::bert((cls, 2), (sep, 3)).processor()));
        let model = learn(&inner, lines, config)?;
        inner.with_model(model);
        inner
            .add_special_tokens(SPECIAL_TOKENS.map(|token| AddedToken::from(token, true)))
            .map_err(TokenizeError::Train)?;
        check_size(&inner, config.vocab_size)?;
        Ok(Self::new(from_library(&inner), SPECIAL_IDS))
    }
}

fn learn<'a>(
    tokenizer: &tokenizers::Tokenizer,
    lines: impl Iterator<Item = &'a str> + Send,
    config: &WordPieceConfig,
) -> Result<WordPiece, TokenizeError> {
    let mut trainer = WordPieceTrainer::builder()
        .vocab_size(config.vocab_size)
        .min_frequency(config.min_frequency)
        .show_progress(false)
        .build();
    let (mut has_text, inside_words) = (false, Mutex::new(BTreeSet::new()));
    let lines = lines.inspect(|line| has_text |= !line.trim().is_empty());
    trainer
        .feed(lines, |line| {
            let words = words(tokenizer, line)?;
            let mut inside_words =
                inside_words.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            inside_words.extend(words.iter().flat_map(|word| word.chars().skip(1)));
            Ok(words)
        })
        .map_err(TokenizeError::Train)?;
    if !has_text {
        return Err(TokenizeError::EmptyText);
    }
    // The trainer assigns ids to characters inside words in hash table order, unless they are special tokens.
    let inside_words = inside_words.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    let first = SPECIAL_TOKENS.map(str::to_owned).into_iter();
    let first = first.chain(inside_words.into_iter().map(|character| format!("##{character}")));
    trainer.set_special_tokens(first.map(|token| AddedToken::from(token, true)).collect());
    let mut model = WordPiece::default();
    trainer.train(&mut model).map_err(TokenizeError::Train)?;
    Ok(model)
}
