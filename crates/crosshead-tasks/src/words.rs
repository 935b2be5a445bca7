//! Texts as token sequences: words that may not occur, and phrases that must.

use std::ops::Range;

use crosshead_generate::{Form, Phrase};
use crosshead_tokenize::Tokenizer;

use crate::TaskError;

/// A text that the output must contain, such as a glossary's translation of a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// The forms, of which one must occur.
    forms: Vec<String>,
    whole_words: bool,
    source: Option<Range<usize>>,
}

impl Required {
    /// Requires one of these forms.
    pub fn new(forms: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            forms: forms.into_iter().map(Into::into).collect(),
            whole_words: false,
            source: None,
        }
    }

    /// Sets the bytes of the input that a form is the translation of. The form then takes the place of the words that the model
    /// writes for them. Default: unknown.
    #[must_use]
    pub fn with_source(self, source: Range<usize>) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The bytes of the input that a form is the translation of.
    pub(crate) fn source(&self) -> Option<&Range<usize>> {
        self.source.as_ref()
    }

    /// Whether a form counts only as whole words.
    pub(crate) fn has_whole_words(&self) -> bool {
        self.whole_words
    }

    /// The places in a text that have a form, the longest one at each place first.
    pub(crate) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let is_word = |c: Option<char>| self.whole_words && c.is_some_and(char::is_alphanumeric);
        let is_whole = |place: &Range<usize>| {
            !is_word(text[..place.start].chars().next_back())
                && !is_word(text[place.end..].chars().next())
        };
        let found = self.forms.iter().flat_map(|form| text.match_indices(form.as_str()));
        let mut places: Vec<_> = found.map(|(at, form)| at..at + form.len()).collect();
        places.retain(is_whole);
        places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        places
    }

    /// Requires a form to be whole words. Default: it may also be a part of a word.
    #[must_use]
    pub fn with_whole_words(self, whole_words: bool) -> Self {
        Self { whole_words, ..self }
    }

    /// The forms.
    pub fn forms(&self) -> &[String] {
        &self.forms
    }
}

/// Turns texts into token sequences of outputs.
pub(crate) struct Words<'a> {
    tokenizer: &'a Tokenizer,
}

impl<'a> Words<'a> {
    pub(crate) fn new(tokenizer: &'a Tokenizer) -> Self {
        Self { tokenizer }
    }

    /// The ids of a text in an output, without special tokens.
    pub(crate) fn target_ids(&self, text: &str) -> Result<Vec<u32>, TaskError> {
        let ids = self.tokenizer.encode_target(text)?;
        let affixes = self.tokenizer.target_affixes()?;
        let end = ids.len().saturating_sub(affixes.after.len());
        Ok(ids.get(affixes.before.len()..end).unwrap_or_default().to_vec())
    }

    /// The token sequences of a text at the beginning of an output and after a space.
    pub(crate) fn spellings(&self, text: &str) -> Result<Vec<Vec<u32>>, TaskError> {
        let mut spellings = vec![self.target_ids(text)?, self.target_ids(&format!(" {text}"))?];
        spellings.dedup();
        spellings.retain(|ids| !ids.is_empty());
        if spellings.is_empty() {
            return Err(TaskError::EmptyPhrase { text: text.to_owned() });
        }
        Ok(spellings)
    }

    /// The phrase of a required text.
    pub(crate) fn phrase(&self, required: &Required) -> Result<Phrase, TaskError> {
        let mut forms = Vec::new();
        for text in &required.forms {
            for tokens in self.spellings(text)? {
                // In the middle of an output, it would join the word before it.
                let at_start = required.whole_words && !self.begins_word(&tokens)?;
                let form = Form { tokens, at_start };
                if !forms.contains(&form) {
                    forms.push(form);
                }
            }
        }
        Ok(Phrase { forms, whole: required.whole_words })
    }

    /// For each id, whether a word may end before it.
    pub(crate) fn boundaries(&self) -> Result<Vec<bool>, TaskError> {
        let word = self.word()?;
        let ids = 0..self.tokenizer.vocab_size() as u32;
        ids.map(|id| self.separates(word.as_ref(), &[id])).collect()
    }

    /// Whether the text of these ids does not continue a word before it.
    fn begins_word(&self, ids: &[u32]) -> Result<bool, TaskError> {
        self.separates(self.word()?.as_ref(), ids)
    }

    /// A token that is a word, with its text.
    fn word(&self) -> Result<Option<(u32, String)>, TaskError> {
        for id in 0..self.tokenizer.vocab_size() as u32 {
            let text = self.tokenizer.decode(&[id])?;
            if !text.is_empty() && text.chars().all(char::is_alphanumeric) {
                return Ok(Some((id, text)));
            }
        }
        Ok(None)
    }

    /// Whether these ids do not continue a word before them.
    fn separates(&self, word: Option<&(u32, String)>, ids: &[u32]) -> Result<bool, TaskError> {
        let Some((id, before)) = word else { return Ok(true) };
        let text = self.tokenizer.decode(&[&[*id], ids].concat())?;
        let continues =
            |first: char| first.is_alphanumeric() || first == char::REPLACEMENT_CHARACTER;
        Ok(text.strip_prefix(before.as_str()).is_some_and(|rest| !rest.starts_with(continues)))
    }
}
