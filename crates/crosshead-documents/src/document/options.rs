//! How a document is translated.

use crate::split::Split;

/// Options of a translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslateOptions {
    split: Split,
    language: String,
    batch: usize,
}

impl TranslateOptions {
    /// Sentences of a source language, such as `de`, `deu_Latn` or `de_DE`.
    pub fn new(language: impl Into<String>) -> Self {
        Self { split: Split::default(), language: language.into(), batch: 256 }
    }

    /// What is translated at once.
    #[must_use]
    pub fn with_split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// The number of sentences in a call of the translator, at least 1. Their number bounds its memory.
    #[must_use]
    pub fn with_batch(mut self, sentences: usize) -> Self {
        self.batch = sentences.max(1);
        self
    }

    /// What is translated at once.
    pub fn split(&self) -> Split {
        self.split
    }

    /// The source language.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The number of sentences in a call of the translator.
    pub fn batch(&self) -> usize {
        self.batch
    }
}
