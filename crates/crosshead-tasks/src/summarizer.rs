//! Summarization with a trained encoder-decoder.

use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{EncoderDecoder, NotFollowed};
use crosshead_tokenize::Tokenizer;

use crate::{SearchOptions, TaskError, TextToText, Written};

/// An encoder-decoder that summarizes.
///
/// A model of several languages is a summarizer by way of [`TextToText::with_languages`].
#[derive(Debug)]
pub struct Summarizer(TextToText);

impl Summarizer {
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

    /// The summary of each document; a blank one gives an empty one.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn summarize(&self, documents: &[impl AsRef<str>]) -> Result<Vec<String>, TaskError> {
        let written = self.summarize_with(documents, |_| {})?;
        Ok(written.into_iter().map(|written| written.text).collect())
    }

    /// As [`summarize`](Self::summarize), with the score of each summary and whether its document was cut; `progress` is called
    /// with the number of documents that are done.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn summarize_with(
        &self,
        documents: &[impl AsRef<str>],
        progress: impl FnMut(usize),
    ) -> Result<Vec<Written>, TaskError> {
        self.0.write(documents, progress)
    }

    /// How summaries are decoded.
    pub fn options(&self) -> &SearchOptions {
        self.0.options()
    }

    /// Sets how summaries are decoded.
    pub fn with_options(self, options: SearchOptions) -> Self {
        Self(self.0.with_options(options))
    }

    /// What the model's `generation_config.json` asks for and is not followed, such as sampling.
    pub fn not_followed(&self) -> Vec<NotFollowed> {
        self.0.not_followed()
    }
}

impl From<TextToText> for Summarizer {
    fn from(engine: TextToText) -> Self {
        Self(engine)
    }
}
