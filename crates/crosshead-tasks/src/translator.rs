//! Translation with a trained encoder-decoder.

use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{EncoderDecoder, NotFollowed};
use crosshead_tokenize::Tokenizer;

use crate::{SearchOptions, TaskError, TextToText, Written};

/// An encoder-decoder that translates.
#[derive(Debug)]
pub struct Translator(TextToText);

impl Translator {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory holds no encoder-decoder, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        TextToText::from_pretrained(dir, device).map(Self)
    }

    /// From a model, which is outside autodiff, and its tokenizer.
    pub fn new(model: EncoderDecoder, tokenizer: Tokenizer, options: SearchOptions) -> Self {
        Self(TextToText::new(model, tokenizer, options))
    }

    /// The translation of each sentence; a blank one gives an empty one.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn translate(&self, sentences: &[impl AsRef<str>]) -> Result<Vec<String>, TaskError> {
        let written = self.translate_with(sentences, |_| {})?;
        Ok(written.into_iter().map(|written| written.text).collect())
    }

    /// As [`translate`](Self::translate), with the score of each translation and whether its sentence was cut; `progress` is
    /// called with the number of sentences that are done.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn translate_with(
        &self,
        sentences: &[impl AsRef<str>],
        progress: impl FnMut(usize),
    ) -> Result<Vec<Written>, TaskError> {
        self.0.write(sentences, progress)
    }

    /// How translations are decoded.
    pub fn options(&self) -> &SearchOptions {
        self.0.options()
    }

    /// Sets how translations are decoded.
    pub fn with_options(self, options: SearchOptions) -> Self {
        Self(self.0.with_options(options))
    }

    /// What the model's `generation_config.json` asks for and is not followed, such as sampling.
    pub fn not_followed(&self) -> Vec<NotFollowed> {
        self.0.not_followed()
    }

    /// The codes of the languages that can be chosen; empty where the model knows one direction.
    pub fn languages(&self) -> Vec<&str> {
        self.0.languages()
    }

    /// Chooses the languages, as [`TextToText::with_languages`] does.
    ///
    /// # Errors
    /// If the model has no languages, or not these, or nothing names the target.
    pub fn with_languages(
        self,
        source: Option<&str>,
        target: Option<&str>,
    ) -> Result<Self, TaskError> {
        self.0.with_languages(source, target).map(Self)
    }

    /// The code of the language that the model writes; none where its files leave it open.
    pub fn target_language(&self) -> Option<&str> {
        self.0.target_language()
    }

    /// Whether the model is told the language that it reads.
    pub fn takes_source_language(&self) -> bool {
        self.0.takes_source_language()
    }
}

impl From<TextToText> for Translator {
    fn from(engine: TextToText) -> Self {
        Self(engine)
    }
}
