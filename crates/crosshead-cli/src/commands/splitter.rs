//! The model as a translator of texts that have several sentences.

use std::cell::Cell;

use crosshead::documents::{Sentence, Split, sentences};
use crosshead::tasks::TaskError;
use crosshead::{Candidate, StopReason, TextHooks, TextToText, Written};

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
                count => {
                    let parts = parts.iter().map(|part| {
                        let own = if part.text.is_empty() { None } else { written.next() };
                        (own.unwrap_or_default(), part)
                    });
                    join(&parts.collect::<Vec<_>>(), count)
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

/// Joins the translations of a text's sentences. The score is the mean of theirs; the second best text joins the second best
/// translations, and so on.
fn join(parts: &[(Written, &Sentence<'_>)], sentences: usize) -> Written {
    let mut joined = Written::default();
    let mut source_start = 0;
    for (written, part) in parts {
        if let Some(alignment) = &written.alignment {
            let all = joined.alignment.get_or_insert_default();
            all.append(alignment, source_start, joined.text.len());
        }
        source_start += part.text.len() + part.separator.len();
        joined.text += &written.text;
        joined.text += part.separator;
        joined.score += written.score / sentences as f32;
        joined.truncated |= written.truncated;
        joined.stop = written.stop.or(joined.stop);
        if let Some(counts) = written.drafts {
            *joined.drafts.get_or_insert_default() += counts;
        }
    }
    let decoded = || parts.iter().filter(|(written, _)| written.stop.is_some());
    let ranks = decoded().map(|(written, _)| written.n_best.len()).min().unwrap_or(0);
    joined.n_best = (0..ranks).map(|rank| join_rank(parts, rank, sentences)).collect();
    joined
}

/// Joins the translations of a rank.
fn join_rank(parts: &[(Written, &Sentence<'_>)], rank: usize, sentences: usize) -> Candidate {
    let mut joined = Candidate {
        text: String::new(),
        score: 0.0,
        log_prob: 0.0,
        stop: StopReason::NoToken,
        tokens: Vec::new(),
    };
    for (written, part) in parts {
        if let Some(candidate) = written.n_best.get(rank) {
            joined.text += &candidate.text;
            joined.score += candidate.score / sentences as f32;
            joined.log_prob += candidate.log_prob;
            joined.stop = candidate.stop;
            joined.tokens.extend_from_slice(&candidate.tokens);
        }
        joined.text += part.separator;
    }
    joined
}
