use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::processors::template::TemplateProcessing;

use crate::{SpecialIds, TokenizeError, Tokenizer};

/// Closes every sequence; id 0 of a tokenizer trained here.
pub const EOS_TOKEN: &str = "</s>";
/// Stands for a character that the training text didn't have; id 1 of a tokenizer trained here.
pub const UNK_TOKEN: &str = "<unk>";
/// Fills rows of a batch and starts the decoder; the last id of a tokenizer trained here.
pub const PAD_TOKEN: &str = "<pad>";

const EOS_ID: u32 = 0;
const UNK_ID: u32 = 1;

/// How to train byte-pair encoding (Sennrich et al. 2016, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BpeConfig {
    /// The largest number of tokens, `</s>`, `<unk>` and `<pad>` included.
    pub vocab_size: usize,
    /// Pairs seen less often than this are not merged.
    pub min_frequency: u64,
}

impl BpeConfig {
    /// A vocabulary of `vocab_size` tokens that merges every pair it has room for.
    pub fn new(vocab_size: usize) -> Self {
        Self { vocab_size, min_frequency: 0 }
    }

    /// Merges no pair seen less often than `min_frequency`.
    pub fn with_min_frequency(mut self, min_frequency: u64) -> Self {
        self.min_frequency = min_frequency;
        self
    }
}

impl Tokenizer {
    /// Learns byte-pair encoding (Sennrich et al. 2016, section 3.2) on words that keep the space before them as `▁`
    /// (SentencePiece's convention, Kudo and Richardson 2018).
    ///
    /// Ids: `</s>` 0, `<unk>` 1, then the characters by code point, then the merges by rank, and `<pad>` last. A text
    /// with fewer pairs to merge than there is room for gives a smaller vocabulary; [`vocab_size`](Self::vocab_size)
    /// tells. The result is a function of the lines and the configuration alone, for any number of threads.
    ///
    /// In training and in texts encoded later, the spelling of a special token (`"</s>"`) is text like any other.
    ///
    /// # Errors
    /// If no line has text, or the vocabulary is too small for the characters.
    pub fn train_bpe<'a>(
        lines: impl Iterator<Item = &'a str> + Send,
        config: &BpeConfig,
    ) -> Result<Self, TokenizeError> {
        let mut has_text = false;
        let pieces = lines
            .inspect(|line| has_text |= !line.trim().is_empty())
            .flat_map(without_special_tokens);
        let mut inner = untrained();
        inner.train(&mut trainer(config), pieces).map_err(TokenizeError::Train)?;
        if !has_text {
            return Err(TokenizeError::EmptyText);
        }
        inner.add_special_tokens(&[tokenizers::AddedToken::from(PAD_TOKEN, true)]);

        // The trainer keeps the whole alphabet even beyond the size it was given.
        let smallest = inner.get_vocab_size(true);
        if smallest > config.vocab_size {
            return Err(TokenizeError::VocabularyTooSmall {
                vocab_size: config.vocab_size,
                smallest,
            });
        }
        let pad = (smallest - 1) as u32;
        Ok(Self::new(inner, SpecialIds { pad, eos: EOS_ID, unk: Some(UNK_ID), bos: None }))
    }
}

/// The line cut at every spelling of a special token, so that no merge can spell one.
fn without_special_tokens(line: &str) -> impl Iterator<Item = &str> {
    line.split(EOS_TOKEN)
        .flat_map(|part| part.split(UNK_TOKEN))
        .flat_map(|part| part.split(PAD_TOKEN))
}

fn untrained() -> tokenizers::Tokenizer {
    let model = BPE::builder()
        .unk_token(UNK_TOKEN.to_owned())
        .build()
        .expect("BPE without a vocabulary is valid");
    let close_sequences = TemplateProcessing::builder()
        .try_single(format!("$A {EOS_TOKEN}"))
        .and_then(|template| template.try_pair(format!("$A {EOS_TOKEN} $B:1 {EOS_TOKEN}:1")))
        .expect("the templates are well formed")
        .special_tokens(vec![(EOS_TOKEN, EOS_ID)])
        .build()
        .expect("the templates name no other special token");
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer
        .with_pre_tokenizer(Some(Metaspace::default()))
        .with_decoder(Some(Metaspace::default()))
        .with_post_processor(Some(close_sequences))
        .set_encode_special_tokens(true);
    tokenizer
}

fn trainer(config: &BpeConfig) -> TrainerWrapper {
    let special_tokens =
        [EOS_TOKEN, UNK_TOKEN].map(|token| tokenizers::AddedToken::from(token, true));
    BpeTrainer::builder()
        .vocab_size(config.vocab_size.saturating_sub(1)) // `<pad>` comes after training, as the last id
        .min_frequency(config.min_frequency)
        .special_tokens(special_tokens.into())
        .show_progress(false)
        .build()
        .into()
}
