//! The model as a translator of texts that have several sentences.

use std::cell::Cell;

use crosshead::documents::{Sentence, Split, sentences};
use crosshead::tasks::{TaskError, WrittenPart};
use crosshead::{TextHooks, TextToText, Written};

use super::terms::Terms;
use crate::args::SplitName;

/// A translator of texts that may have several sentences.
pub(super) struct Splitter<'a> {
    pub(super) writer: &'a TextToText,
    pub(super) terms: &'a Terms,
    pub(super) split: SplitName,
    /// The language whose rules split sentences.
    pub(super) language: &'a str,
    /// The number of sentences translated so far.
    pub(super) done: Cell<usize>,
}

impl Splitter<'_> {
    /// Translates texts. A text of one sentence is given to the model as it is.
    pub(super) fn write(&self, texts: &[String]) -> Result<Vec<Written>, TaskError> {
        if self.split == SplitName::None {
            return self.translate(texts);
        }
        let split = Split::from(self.split);
        // A text that cannot be encoded is an error of the model, so it is left whole here.
        let fits = |text: &str| self.writer.fits(text).unwrap_or(true);
        let parts: Vec<_> =
            texts.iter().map(|text| sentences(text, split, self.language, fits)).collect();
        let mut inputs: Vec<&str> = Vec::new();
        for (text, parts) in texts.iter().zip(&parts) {
            match parts.iter().filter(|part| !part.text.is_empty()).count() {
                0 | 1 => inputs.push(text),
                _ => inputs
                    .extend(parts.iter().map(|part| part.text).filter(|text| !text.is_empty())),
            }
        }
        let mut written = self.translate(&inputs)?.into_iter();
        let joined = parts.iter().map(|parts| {
            match parts.iter().filter(|part| !part.text.is_empty()).count() {
                0 | 1 => written.next().unwrap_or_default(),
                _ => {
                    let parts = parts.iter().map(|&Sentence { text, separator }| {
                        let own = if text.is_empty() { None } else { written.next() };
                        WrittenPart { text, separator, written: own.unwrap_or_default() }
                    });
                    Written::join(&parts.collect::<Vec<_>>())
                }
            }
        });
        Ok(joined.collect())
    }

    /// Translates sentences with the terms of the glossary.
    pub(super) fn translate(
        &self,
        sentences: &[impl AsRef<str>],
    ) -> Result<Vec<Written>, TaskError> {
        let required: Vec<_> =
            sentences.iter().map(|sentence| self.terms.required(sentence.as_ref())).collect();
        let hooks = TextHooks::none().with_required(&required).with_first_sequence(self.done.get());
        let written = self.writer.write(sentences, hooks)?;
        self.done.set(self.done.get() + sentences.len());
        for (sentence, written) in sentences.iter().zip(&written) {
            self.terms.warn_of_missing(sentence.as_ref(), &written.text);
        }
        Ok(written)
    }
}
