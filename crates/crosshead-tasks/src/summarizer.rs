//! Summarization with an encoder-decoder.

use crate::text_to_text::text_to_text_task;
use crate::{TaskError, TextHooks, TextToText, Written};

/// An encoder-decoder for summarization.
#[derive(Debug)]
pub struct Summarizer(TextToText);

text_to_text_task!(Summarizer);

impl Summarizer {
    /// Summarizes each document; the summary of a blank document is empty.
    ///
    /// # Errors
    /// If an option is out of range, or the model computes NaN.
    pub fn summarize(&self, documents: &[impl AsRef<str>]) -> Result<Vec<String>, TaskError> {
        let written = self.summarize_with(documents, TextHooks::none())?;
        Ok(written.into_iter().map(|written| written.text).collect())
    }

    /// Like [`summarize`](Self::summarize), but takes hooks and also returns the score and stop reason of each summary.
    ///
    /// # Errors
    /// See [`summarize`](Self::summarize).
    pub fn summarize_with(
        &self,
        documents: &[impl AsRef<str>],
        hooks: TextHooks<'_>,
    ) -> Result<Vec<Written>, TaskError> {
        self.0.write(documents, hooks)
    }
}
