//! Trains byte-pair encoding on characters or bytes.

use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::Metaspace;

use super::{
    END_OF_TEXT_TOKEN, EOS_ID, EOS_TOKEN, PAD_TOKEN, UNK_ID, UNK_TOKEN, add_last,
    add_sentinels_and_pad, append_eos, check_size, split_at_special,
};
use crate::pipeline::from_library;
use crate::{SpecialIds, TokenizeError, Tokenizer};

/// How to train byte-pair encoding (Sennrich et al. 2016, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BpeConfig {
    /// The maximum number of tokens, including special tokens.
    pub vocab_size: usize,
    /// Pairs with a lower frequency are not merged.
    pub min_frequency: u64,
    /// The number of sentinels of span corruption, `<extra_id_0>`, … before `<pad>`, which are part of the vocabulary size.
    /// Byte-level tokenizers have none.
    pub sentinels: usize,
}

impl BpeConfig {
    /// A vocabulary of `vocab_size` tokens, without a minimum frequency.
    pub fn new(vocab_size: usize) -> Self {
        Self { vocab_size, min_frequency: 0, sentinels: 0 }
    }

    /// Sets the minimum frequency of a merged pair.
    pub fn with_min_frequency(mut self, min_frequency: u64) -> Self {
        self.min_frequency = min_frequency;
        self
    }

    /// Sets the number of sentinels of span corruption.
    pub fn with_sentinels(mut self, sentinels: usize) -> Self {
        self.sentinels = sentinels;
        self
    }

    /// A trainer that reserves the tokens that are added later.
    fn trainer(&self) -> BpeTrainerBuilder {
        BpeTrainer::builder()
            .vocab_size(self.vocab_size.saturating_sub(1 + self.sentinels))
            .min_frequency(self.min_frequency)
            .show_progress(false)
    }
}

impl Tokenizer {
    /// Trains byte-pair encoding (Sennrich et al. 2016, section 3.2) on words with the preceding space as `▁`, as in
    /// SentencePiece (Kudo and Richardson 2018).
    ///
    /// Ids: `</s>` 0, `<unk>` 1, then the characters by code point, then the merges by rank, and `<pad>` last. A text
    /// with too few pairs to merge results in a smaller vocabulary; see [`vocab_size`](Self::vocab_size). The result is
    /// a pure function of the lines and the configuration, for any number of threads.
    ///
    /// A special token spelled out in a text (`"</s>"`) is ordinary text, in training and when encoding.
    ///
    /// # Errors
    /// If all lines are blank, or the vocabulary size is too small for the characters.
    pub fn train_bpe<'a>(
        lines: impl Iterator<Item = &'a str> + Send,
        config: &BpeConfig,
    ) -> Result<Self, TokenizeError> {
        let model = BPE::builder()
            .unk_token(UNK_TOKEN.to_owned())
            .build()
            .expect("BPE without a vocabulary is valid");
        let mut inner = tokenizers::Tokenizer::new(model);
        inner
            .with_pre_tokenizer(Some(Metaspace::default()))
            .with_decoder(Some(Metaspace::default()))
            .with_post_processor(Some(append_eos()))
            .set_encode_special_tokens(true);
        let special = [EOS_TOKEN, UNK_TOKEN].map(|token| tokenizers::AddedToken::from(token, true));
        let trainer = config.trainer().special_tokens(special.into()).build();
        fit(&mut inner, trainer, lines, &[EOS_TOKEN, UNK_TOKEN, PAD_TOKEN])?;
        let pad = add_sentinels_and_pad(&mut inner, config.sentinels)?;
        check_size(&inner, config.vocab_size)?;
        let special = SpecialIds {
            pad: Some(pad),
            eos: Some(EOS_ID),
            unk: Some(UNK_ID),
            ..SpecialIds::default()
        };
        Ok(Self::new(from_library(&inner), special))
    }

    /// Trains byte-level BPE as in GPT-2 (Radford et al. 2019, section 2.2). Every text can be encoded, and decoding
    /// restores it exactly, including white space and line breaks.
    ///
    /// Ids: the 256 bytes (ordered by the code point of the character that represents each byte), then the merges by
    /// rank, and `<|endoftext|>` last, which starts, ends and separates texts; encoding does not add it. The result is
    /// a pure function of the texts and the configuration, for any number of threads. `<|endoftext|>` spelled out in a
    /// text is ordinary text.
    ///
    /// # Errors
    /// If all texts are blank, or the vocabulary size is below 257.
    pub fn train_byte_level_bpe<'a>(
        texts: impl Iterator<Item = &'a str> + Send,
        config: &BpeConfig,
    ) -> Result<Self, TokenizeError> {
        let without_prefix = ByteLevel::default().add_prefix_space(false);
        let mut inner = tokenizers::Tokenizer::new(BPE::default());
        inner
            .with_pre_tokenizer(Some(without_prefix))
            .with_decoder(Some(ByteLevel::default()))
            .with_post_processor(Some(ByteLevel::default().trim_offsets(false)))
            .set_encode_special_tokens(true);
        let alphabet = ByteLevel::alphabet().into_iter().collect();
        let trainer = config.trainer().initial_alphabet(alphabet).build();
        fit(&mut inner, trainer, texts, &[END_OF_TEXT_TOKEN])?;
        let end_of_text = Some(add_last(&mut inner, END_OF_TEXT_TOKEN)?);
        check_size(&inner, config.vocab_size)?;
        let special = SpecialIds { bos: end_of_text, eos: end_of_text, ..SpecialIds::default() };
        Ok(Self::new(from_library(&inner), special))
    }
}

/// Trains on lines split at every spelled-out special token.
fn fit<'a>(
    inner: &mut tokenizers::Tokenizer,
    trainer: BpeTrainer,
    lines: impl Iterator<Item = &'a str> + Send,
    special_tokens: &[&str],
) -> Result<(), TokenizeError> {
    let mut has_text = false;
    let pieces = lines
        .inspect(|line| has_text |= !line.trim().is_empty())
        .flat_map(|line| split_at_special(line, special_tokens));
    inner.train(&mut TrainerWrapper::from(trainer), pieces).map_err(TokenizeError::Train)?;
    if has_text { Ok(()) } else { Err(TokenizeError::EmptyText) }
}
