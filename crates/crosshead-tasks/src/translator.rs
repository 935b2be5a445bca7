//! Translation with an encoder-decoder.

use crate::text_to_text::text_to_text_task;
use crate::{TaskError, TextHooks, TextToText, Written};

/// An encoder-decoder for translation.
#[derive(Debug)]
pub struct Translator(TextToText);

text_to_text_task!(Translator);

impl Translator {
    /// Translates each sentence; the translation of a blank sentence is empty.
    ///
    /// # Errors
    /// If an option is out of range, or the model computes NaN.
    pub fn translate(&self, sentences: &[impl AsRef<str>]) -> Result<Vec<String>, TaskError> {
        let written = self.translate_with(sentences, TextHooks::none())?;
        Ok(written.into_iter().map(|written| written.text).collect())
    }

    /// Like [`translate`](Self::translate), but takes hooks and also returns the score and stop reason of each
    /// translation.
    ///
    /// # Errors
    /// See [`translate`](Self::translate).
    pub fn translate_with(
        &self,
        sentences: &[impl AsRef<str>],
        hooks: TextHooks<'_>,
    ) -> Result<Vec<Written>, TaskError> {
        self.0.write(sentences, hooks)
    }
}
