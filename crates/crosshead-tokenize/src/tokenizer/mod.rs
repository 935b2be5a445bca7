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

pub use self::affixes::Affixes;
use self::chat::ChatTemplates;
use self::language::Languages;
use self::save::Files;
use crate::parts::{Normalization, Pipeline};
use crate::{SpecialIds, TokenizeError};

/// A tokenizer: text to ids and back.
///
/// Wraps Hugging Face's `tokenizers` and the ids with a special role. Copies are cheap and share the vocabulary.
#[derive(Clone)]
pub struct Tokenizer {
    pub(crate) pipeline: Arc<Pipeline>,
    /// Cuts the text that a model generates, where that is cut otherwise than the text it reads.
    pub(crate) target: Option<Arc<Pipeline>>,
    pub(crate) special: SpecialIds,
    pub(crate) languages: Languages,
    pub(crate) decoding: Decoding,
    pub(crate) files: Files,
    pub(crate) chat_templates: Option<Arc<ChatTemplates>>,
    pub(crate) model_max_length: Option<usize>,
    /// Whether a text that is too long loses its beginning rather than its end.
    pub(crate) truncates_left: bool,
    vocab_size: usize,
    largest_id: u32,
}

/// What is changed in decoded text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Decoding {
    /// Spaces before punctuation are left out.
    pub(crate) clean_up: bool,
    /// White space at both ends is left out.
    pub(crate) trim: bool,
}

/// The ids of a text and where each came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// One id per token.
    pub ids: Vec<u32>,
    /// For each token the bytes of the text it stands for, so that `&text[offsets[i].clone()]` is its surface form.
    /// Where a character is several tokens, each has all its bytes.
    /// A space that the tokenizer puts before the first word has no bytes; where it is a token of its own, that token
    /// has the offsets of the first character.
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
        }
    }

    /// The ids of a text, without special tokens.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.run(&self.pipeline, None, text)
    }

    /// The ids of a text with the special tokens that the model expects around what it reads: `</s>` behind it,
    /// `[CLS]` before and `[SEP]` behind it, the code of its language.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_special(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.run(&self.pipeline, Some(self.languages.source.as_ref()), text)
    }

    /// The ids of a text that the model is to generate, with the special tokens around it. Differs from
    /// [`encode_with_special`](Self::encode_with_special) in the models that read another language than they write.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_target(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.run(self.target(), Some(self.languages.target.as_ref()), text)
    }

    /// [`encode_with_special`](Self::encode_with_special) for many texts, in parallel on rayon's current pool; row `i`
    /// belongs to text `i`.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a text.
    pub fn encode_batch_with_special(
        &self,
        texts: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<Vec<u32>>, TokenizeError> {
        texts.par_iter().map(|text| self.encode_with_special(text.as_ref())).collect()
    }

    /// [`encode_target`](Self::encode_target) for many texts, in parallel on rayon's current pool.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a text.
    pub fn encode_target_batch(
        &self,
        texts: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<Vec<u32>>, TokenizeError> {
        texts.par_iter().map(|text| self.encode_target(text.as_ref())).collect()
    }

    /// The ids of a text without special tokens, each with its place in the text.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_offsets(&self, text: &str) -> Result<Encoding, TokenizeError> {
        let (code, rest) = self.languages.split_code(text);
        let start = text.len() - rest.len();
        let encoding = self.pipeline.encode(rest, false).map_err(TokenizeError::Encode)?;
        // A token of bytes may be a part of a character.
        let whole = |from, to| text.floor_char_boundary(from)..text.ceil_char_boundary(to);
        let offsets =
            encoding.get_offsets().iter().map(|&(from, to)| whole(start + from, start + to));
        Ok(Encoding {
            ids: code.into_iter().chain(encoding.get_ids().iter().copied()).collect(),
            offsets: code.map(|_| 0..start).into_iter().chain(offsets).collect(),
        })
    }

    /// The text of a sequence of ids. Special tokens, the unknown token among them, and ids outside the vocabulary are
    /// left out.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizeError> {
        let text = self.decode_untrimmed(ids)?;
        Ok(if self.decoding.trim { text.trim().to_owned() } else { text })
    }

    /// [`decode`](Self::decode) for many sequences, in parallel on rayon's current pool; text `i` belongs to row `i`.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode_batch(
        &self,
        rows: &[impl AsRef<[u32]> + Sync],
    ) -> Result<Vec<String>, TokenizeError> {
        rows.par_iter().map(|row| self.decode(row.as_ref())).collect()
    }

    /// The same tokenizer that puts no special tokens around a text.
    pub fn without_special_tokens(mut self) -> Self {
        Arc::make_mut(&mut self.pipeline).with_post_processor(None::<PostProcessorWrapper>);
        if let Some(target) = &mut self.target {
            Arc::make_mut(target).with_post_processor(None::<PostProcessorWrapper>);
        }
        Self { languages: Languages::default(), ..self }
    }

    /// The number of tokens, special tokens included.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// Checks that a model with a vocabulary of `model_size` has a place for every id.
    ///
    /// A model may have more places than the tokenizer has tokens: some pad their vocabulary to a round number.
    ///
    /// # Errors
    /// If an id is outside the model's vocabulary: the two don't belong together.
    pub fn check_fits(&self, model_size: usize) -> Result<(), TokenizeError> {
        if (self.largest_id as usize) < model_size {
            return Ok(());
        }
        let token = self.id_to_token(self.largest_id).unwrap_or_default();
        Err(TokenizeError::VocabularyMismatch { id: self.largest_id, token, model_size })
    }

    /// The id of a token, as it is written in the vocabulary.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.pipeline.token_to_id(token)
    }

    /// The token with this id, as it is written in the vocabulary.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.target().id_to_token(id)
    }

    /// The ids with a meaning of their own.
    pub fn special(&self) -> SpecialIds {
        self.special
    }

    /// The same tokenizer with its texts in lowercase first, as `do_lower_case` of sentence-transformers asks for. Special
    /// tokens are found in the text before.
    pub fn with_lowercase(mut self) -> Self {
        let mut pipeline = Pipeline::clone(&self.pipeline);
        let lowercase = Normalization::lowercase(pipeline.get_normalizer());
        pipeline.with_normalizer(Some(lowercase));
        self.pipeline = Arc::new(pipeline);
        self
    }

    /// The contents of `tokenizer.json`: the same bytes for the same tokenizer, whatever the number of threads it was
    /// trained with. A tokenizer of SentencePiece's files has none: that format can't say exactly what they do.
    pub fn to_json(&self) -> Option<String> {
        serde_json::to_string_pretty(&*self.pipeline).ok()
    }

    /// [`decode`](Self::decode), with white space at both ends even where that is left out.
    pub(crate) fn decode_untrimmed(&self, ids: &[u32]) -> Result<String, TokenizeError> {
        let text = self.target().decode(ids, true).map_err(TokenizeError::Decode)?;
        Ok(if self.decoding.clean_up { cleanup(&text) } else { text })
    }

    /// Whether a token is one byte, and becomes text together with its neighbours.
    pub(crate) fn is_byte(&self, id: u32) -> bool {
        self.target().get_model().byte_fallback()
            && self.id_to_token(id).is_some_and(|token| is_byte_token(&token))
    }

    /// Whether decoding doesn't leave the id out.
    pub(crate) fn is_visible(&self, id: u32) -> bool {
        let is_special = |token: &str| self.target().get_added_vocabulary().is_special_token(token);
        self.id_to_token(id).is_some_and(|token| !is_special(&token))
    }

    /// Whether the text of a special token (`"</s>"`) is ordinary text rather than the token.
    pub(crate) fn splits_special_tokens(&self) -> bool {
        self.pipeline.get_encode_special_tokens()
    }

    pub(crate) fn target(&self) -> &Pipeline {
        self.target.as_ref().unwrap_or(&self.pipeline)
    }

    /// Runs a pipeline; `around` tells to put special tokens around the ids, and which if not those of the pipeline.
    fn run(
        &self,
        pipeline: &Pipeline,
        around: Option<Option<&Affixes>>,
        text: &str,
    ) -> Result<Vec<u32>, TokenizeError> {
        let (code, rest) = self.languages.split_code(text);
        let of_pipeline = around == Some(None);
        let encoding = pipeline.encode_fast(rest, of_pipeline).map_err(TokenizeError::Encode)?;
        let ids = code.into_iter().chain(encoding.get_ids().iter().copied());
        Ok(match around.flatten() {
            Some(affixes) => affixes.around(ids),
            None => ids.collect(),
        })
    }
}

/// `<0x41>`, as SentencePiece writes a byte.
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
