//! The tokenizer: text to ids and back.

mod affixes;
pub(crate) mod chat;
pub(crate) mod language;
pub(crate) mod save;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use tokenizers::PostProcessorWrapper;
use tokenizers::decoders::wordpiece::cleanup;
use tokenizers::models::ModelWrapper;

pub use self::affixes::Affixes;
use self::chat::ChatTemplates;
use self::language::Languages;
use self::save::Files;
use crate::pipeline::{Normalization, Pipeline};
use crate::{SpecialIds, TokenizeError};

/// A tokenizer: text to ids and back.
///
/// Wraps a pipeline of Hugging Face's `tokenizers` and the ids of special tokens. Clones are cheap and share the vocabulary.
#[derive(Clone)]
pub struct Tokenizer {
    pub(crate) pipeline: Arc<Pipeline>,
    /// The pipeline of target texts, if it differs from that of source texts.
    pub(crate) target: Option<Arc<Pipeline>>,
    pub(crate) special: SpecialIds,
    pub(crate) languages: Languages,
    pub(crate) decoding: Decoding,
    pub(crate) files: Files,
    pub(crate) chat_templates: Option<Arc<ChatTemplates>>,
    pub(crate) model_max_length: Option<usize>,
    /// Whether truncation removes the start of a text rather than its end.
    pub(crate) truncates_left: bool,
    /// Whether the saved files say that the model takes token types.
    pub(crate) takes_types: bool,
    vocab_size: usize,
    largest_id: u32,
}

/// A side of a pair of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Target,
}

/// Post-processing of decoded text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Decoding {
    /// Removes spaces before punctuation.
    pub(crate) clean_up: bool,
    /// Removes leading and trailing white space.
    pub(crate) trim: bool,
}

/// The ids of a text and their positions in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// One id per token.
    pub ids: Vec<u32>,
    /// The byte range of each token in the text: `&text[offsets[i].clone()]` is its surface form. If a character is split
    /// into several tokens, each has the range of the complete character. An implied space before the first word has no
    /// bytes; if it is a separate token, the token has the range of the first character.
    pub offsets: Vec<Range<usize>>,
}

impl Tokenizer {
    pub(crate) fn new(pipeline: Pipeline, special: SpecialIds) -> Self {
        let vocabulary = pipeline.get_vocab(true);
        Self {
            vocab_size: vocabulary.len(),
            largest_id: vocabulary.into_values().max().unwrap_or(0),
            pipeline: Arc::new(pipeline),
            target: None,
            special,
            languages: Languages::default(),
            decoding: Decoding::default(),
            files: Files::default(),
            chat_templates: None,
            model_max_length: None,
            truncates_left: false,
            takes_types: false,
        }
    }

    /// The same tokenizer, whose saved files say that the model takes token types, which pairs of texts need.
    pub fn with_token_types(self) -> Self {
        Self { takes_types: true, ..self }
    }

    /// The ids of a text, without special tokens.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.run(&self.pipeline, None, text)
    }

    /// The ids of a text with the special tokens that the model expects, such as `</s>` after the text, `[CLS]` before and
    /// `[SEP]` after it, or a language code.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_special(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.run(&self.pipeline, Some(self.languages.source.as_ref()), text)
    }

    /// The ids of a target text with special tokens. Differs from [`encode_with_special`](Self::encode_with_special) in
    /// translation models.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_target(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.run(self.target(), Some(self.languages.target.as_ref()), text)
    }

    /// Like [`encode_with_special`](Self::encode_with_special), for many texts in parallel on rayon's current pool. The
    /// rows are in the order of the texts.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a text.
    pub fn encode_batch_with_special(
        &self,
        texts: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<Vec<u32>>, TokenizeError> {
        texts.par_iter().map(|text| self.encode_with_special(text.as_ref())).collect()
    }

    /// Like [`encode_target`](Self::encode_target), for many texts in parallel on rayon's current pool.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a text.
    pub fn encode_target_batch(
        &self,
        texts: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<Vec<u32>>, TokenizeError> {
        texts.par_iter().map(|text| self.encode_target(text.as_ref())).collect()
    }

    /// The ids of a text without special tokens, with their positions in the text.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_offsets(&self, text: &str) -> Result<Encoding, TokenizeError> {
        let (code, rest) = self.languages.split_code(text);
        let start = text.len() - rest.len();
        let encoding = self.pipeline.encode(rest, false).map_err(TokenizeError::Encode)?;
        // A byte token may cover only part of a character.
        let characters = |from, to| text.floor_char_boundary(from)..text.ceil_char_boundary(to);
        let offsets =
            encoding.get_offsets().iter().map(|&(from, to)| characters(start + from, start + to));
        Ok(Encoding {
            ids: code.into_iter().chain(encoding.get_ids().iter().copied()).collect(),
            offsets: code.map(|_| 0..start).into_iter().chain(offsets).collect(),
        })
    }

    /// The text of a sequence of ids. Skips special tokens, including the unknown token, and ids outside the vocabulary.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizeError> {
        let text = self.decode_untrimmed(ids)?;
        Ok(if self.decoding.trim { text.trim().to_owned() } else { text })
    }

    /// Like [`decode`](Self::decode), for many sequences in parallel on rayon's current pool. The texts are in the
    /// order of the rows.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode_batch(
        &self,
        rows: &[impl AsRef<[u32]> + Sync],
    ) -> Result<Vec<String>, TokenizeError> {
        rows.par_iter().map(|row| self.decode(row.as_ref())).collect()
    }

    /// The same tokenizer, but without adding special tokens to texts.
    pub fn without_special_tokens(mut self) -> Self {
        Arc::make_mut(&mut self.pipeline).with_post_processor(None::<PostProcessorWrapper>);
        if let Some(target) = &mut self.target {
            Arc::make_mut(target).with_post_processor(None::<PostProcessorWrapper>);
        }
        Self { languages: Languages::default(), ..self }
    }

    /// The number of tokens, including special tokens.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// Checks that every id is inside a model's vocabulary of size `model_size`.
    ///
    /// The model's vocabulary may be larger: some models pad it to a round number.
    ///
    /// # Errors
    /// If an id is outside the model's vocabulary, which means that tokenizer and model do not match.
    pub fn check_fits(&self, model_size: usize) -> Result<(), TokenizeError> {
        if (self.largest_id as usize) < model_size {
            return Ok(());
        }
        let token = self.id_to_token(self.largest_id).unwrap_or_default();
        Err(TokenizeError::VocabularyMismatch { id: self.largest_id, token, model_size })
    }

    /// The id of a token in the vocabulary.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.pipeline.token_to_id(token)
    }

    /// The token with this id, as spelled in the vocabulary.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.target().id_to_token(id)
    }

    /// Whether tokens inside a word are marked, as with `##` in WordPiece.
    pub fn marks_subwords(&self) -> bool {
        match self.pipeline.get_model().library() {
            ModelWrapper::WordPiece(model) => !model.continuing_subword_prefix.is_empty(),
            ModelWrapper::BPE(model) => {
                model.continuing_subword_prefix.as_ref().is_some_and(|prefix| !prefix.is_empty())
            }
            ModelWrapper::Unigram(_) | ModelWrapper::WordLevel(_) => false,
        }
    }

    /// The ids of the special tokens.
    pub fn special(&self) -> SpecialIds {
        self.special
    }

    /// The same tokenizer, but lowercasing texts first, as with `do_lower_case` in sentence-transformers. Special
    /// tokens are matched before lowercasing.
    ///
    /// # Errors
    /// If two added tokens that are matched after normalization are equal in lowercase.
    pub fn with_lowercase(mut self) -> Result<Self, TokenizeError> {
        let mut pipeline = Pipeline::clone(&self.pipeline);
        let lowercase = Normalization::lowercase(pipeline.get_normalizer());
        pipeline.with_normalizer(Some(lowercase)).map_err(TokenizeError::Lowercase)?;
        self.pipeline = Arc::new(pipeline);
        Ok(self)
    }

    /// The contents of `tokenizer.json`. Does not depend on the number of training threads. `None` for a tokenizer loaded
    /// from SentencePiece files, which the format cannot represent exactly.
    pub fn to_json(&self) -> Option<String> {
        serde_json::to_string_pretty(&*self.pipeline).ok()
    }

    /// Like [`decode`](Self::decode), without trimming.
    pub(crate) fn decode_untrimmed(&self, ids: &[u32]) -> Result<String, TokenizeError> {
        let text = self.target().decode(ids, true).map_err(TokenizeError::Decode)?;
        Ok(if self.decoding.clean_up { cleanup(&text) } else { text })
    }

    /// Whether a token is a single byte, which is decoded together with its neighbors.
    pub(crate) fn is_byte(&self, id: u32) -> bool {
        self.target().get_model().byte_fallback()
            && self.id_to_token(id).is_some_and(|token| is_byte_token(&token))
    }

    /// Whether decoding keeps the id.
    pub(crate) fn is_visible(&self, id: u32) -> bool {
        let is_special = |token: &str| self.target().get_added_vocabulary().is_special_token(token);
        self.id_to_token(id).is_some_and(|token| !is_special(&token))
    }

    /// Whether a special token spelled out in a text (`"</s>"`) is encoded as ordinary text.
    pub(crate) fn splits_special_tokens(&self) -> bool {
        self.pipeline.get_encode_special_tokens()
    }

    pub(crate) fn target(&self) -> &Pipeline {
        self.target.as_ref().unwrap_or(&self.pipeline)
    }

    /// The ids of a text with the special tokens of a side. `segment` segments the text without its language code.
    pub(crate) fn encode_by(
        &self,
        pipeline: &Pipeline,
        side: Side,
        text: &str,
        segment: impl FnOnce(&str) -> tokenizers::Result<tokenizers::Encoding>,
    ) -> Result<Vec<u32>, TokenizeError> {
        let affixes = match side {
            Side::Source => self.languages.source.as_ref(),
            Side::Target => self.languages.target.as_ref(),
        };
        let (code, rest) = self.languages.split_code(text);
        let encoding = segment(rest)
            .and_then(|encoding| pipeline.post_process(encoding, None, affixes.is_none()))
            .map_err(TokenizeError::Encode)?;
        let ids = code.into_iter().chain(encoding.get_ids().iter().copied());
        Ok(match affixes {
            Some(affixes) => affixes.around(ids),
            None => ids.collect(),
        })
    }

    /// Runs a pipeline. `special` is `None` for no special tokens, `Some(None)` for the pipeline's own, or else the
    /// special tokens to add.
    fn run(
        &self,
        pipeline: &Pipeline,
        special: Option<Option<&Affixes>>,
        text: &str,
    ) -> Result<Vec<u32>, TokenizeError> {
        let (code, rest) = self.languages.split_code(text);
        let from_pipeline = special == Some(None);
        let encoding = pipeline.encode_fast(rest, from_pipeline).map_err(TokenizeError::Encode)?;
        let ids = code.into_iter().chain(encoding.get_ids().iter().copied());
        Ok(match special.flatten() {
            Some(affixes) => affixes.around(ids),
            None => ids.collect(),
        })
    }
}

/// Whether a token is a byte in SentencePiece's notation, such as `<0x41>`.
fn is_byte_token(token: &str) -> bool {
    token
        .strip_prefix("<0x")
        .and_then(|token| token.strip_suffix('>'))
        .is_some_and(|digits| digits.len() == 2 && u8::from_str_radix(digits, 16).is_ok())
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocab_size", &self.vocab_size())
            .field("special", &self.special)
            .finish_non_exhaustive()
    }
}
