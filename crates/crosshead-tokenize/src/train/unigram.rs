//! Trains Unigram models.

use std::collections::{BTreeMap, BTreeSet};

use tokenizers::AddedToken;
use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use tokenizers::pre_tokenizers::metaspace::Metaspace;

use super::{
    EOS_ID, EOS_TOKEN, PAD_TOKEN, UNK_ID, UNK_TOKEN, add_sentinels_and_pad, append_eos,
    split_at_special, words,
};
use crate::pipeline::from_library;
use crate::{SpecialIds, TokenizeError, Tokenizer};

/// Longer words (in bytes) are excluded from training, like long sentences in SentencePiece.
const MAX_WORD_LEN: usize = 4192;

/// How to train a unigram language model of subwords (Kudo 2018, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnigramConfig {
    /// The maximum number of tokens, including special tokens.
    pub vocab_size: usize,
    /// The number of sentinels of span corruption, `<extra_id_0>`, … before `<pad>`, which are part of the vocabulary size.
    pub sentinels: usize,
}

impl UnigramConfig {
    /// A vocabulary of `vocab_size` tokens.
    pub fn new(vocab_size: usize) -> Self {
        Self { vocab_size, sentinels: 0 }
    }

    /// Sets the number of sentinels of span corruption.
    pub fn with_sentinels(mut self, sentinels: usize) -> Self {
        self.sentinels = sentinels;
        self
    }
}

impl Tokenizer {
    /// Trains a unigram language model of subwords (Kudo 2018, section 3.2) on words with the preceding space as `▁`, with
    /// the seeding, pruning and Bayesian update of SentencePiece.
    ///
    /// Ids: `</s>` 0, `<unk>` 1, then the subwords from the most to the least probable, and `<pad>` last. Every
    /// character of the text is a token. The result is a pure function of the lines and the configuration: training uses a
    /// single thread, because a different order of summation would change the rounding.
    ///
    /// A special token spelled out in a text (`"</s>"`) is ordinary text, in training and when encoding.
    ///
    /// # Errors
    /// If all lines are blank, or the vocabulary size is too small for the characters.
    pub fn train_unigram<'a>(
        lines: impl Iterator<Item = &'a str>,
        config: &UnigramConfig,
    ) -> Result<Self, TokenizeError> {
        let mut inner = tokenizers::Tokenizer::new(Unigram::default());
        inner
            .with_pre_tokenizer(Some(Metaspace::default()))
            .with_decoder(Some(Metaspace::default()))
            .with_post_processor(Some(append_eos()))
            .set_encode_special_tokens(true);
        let counts = count_words(&inner, lines)?;
        inner.with_model(learn(counts, config.vocab_size.saturating_sub(config.sentinels))?);
        inner
            .add_special_tokens([EOS_TOKEN, UNK_TOKEN].map(|token| AddedToken::from(token, true)))
            .map_err(TokenizeError::Train)?;
        let pad = add_sentinels_and_pad(&mut inner, config.sentinels)?;
        let special = SpecialIds {
            pad: Some(pad),
            eos: Some(EOS_ID),
            unk: Some(UNK_ID),
            ..SpecialIds::default()
        };
        Ok(Self::new(from_library(&inner), special))
    }
}

/// The count of each word. Every character of the text is also counted once as a word, so that none is pruned.
fn count_words<'a>(
    tokenizer: &tokenizers::Tokenizer,
    lines: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, u32>, TokenizeError> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut alphabet = BTreeSet::new();
    let mut has_text = false;
    for line in lines {
        has_text |= !line.trim().is_empty();
        for part in split_at_special(line, &[EOS_TOKEN, UNK_TOKEN, PAD_TOKEN]) {
            for word in words(tokenizer, part).map_err(TokenizeError::Train)? {
                alphabet.extend(word.chars());
                if word.len() <= MAX_WORD_LEN {
                    *counts.entry(word).or_default() += 1;
                }
            }
        }
    }
    for character in alphabet {
        *counts.entry(character.into()).or_default() += 1;
    }
    if has_text { Ok(counts) } else { Err(TokenizeError::EmptyText) }
}

fn learn(counts: BTreeMap<String, u32>, vocab_size: usize) -> Result<Unigram, TokenizeError> {
    let alphabet: BTreeSet<char> = counts.keys().flat_map(|word| word.chars()).collect();
    let smallest = alphabet.len() + [EOS_TOKEN, UNK_TOKEN, PAD_TOKEN].len();
    if vocab_size < smallest {
        return Err(TokenizeError::VocabularyTooSmall { vocab_size, smallest });
    }
    let special_tokens = [EOS_TOKEN, UNK_TOKEN].map(|token| AddedToken::from(token, true));
    let trainer = UnigramTrainer::builder()
        .vocab_size(u32::try_from(vocab_size - 1).unwrap_or(u32::MAX)) // `<pad>` comes last
        .special_tokens(special_tokens.into())
        .unk_token(Some(UNK_TOKEN.to_owned()))
        .show_progress(false)
        .build()
        .expect("every field of the trainer has a value");
    let mut model = Unigram::default();
    let sentences = counts.into_iter().collect();
    let one_thread = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|error| TokenizeError::Train(error.into()))?;
    one_thread.install(|| trainer.do_train(sentences, &mut model)).map_err(TokenizeError::Train)?;

    // The trainer orders equal scores by hash table order.
    let mut pieces: Vec<(String, f64)> = model.iter().cloned().collect();
    pieces[UNK_ID as usize + 1..]
        .sort_by(|(a, score_a), (b, score_b)| score_b.total_cmp(score_a).then_with(|| a.cmp(b)));
    Unigram::from(pieces, Some(UNK_ID as usize), false).map_err(TokenizeError::Train)
}
