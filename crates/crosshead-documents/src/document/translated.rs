//! From segments to translated segments.

use std::ops::Range;

use super::TranslateOptions;
use crate::error::TranslateError;
use crate::place::{Placed, Token, place};
use crate::segment::{Segment, has_words};
use crate::split;
use crate::translate::{Translate, Translation};

/// A translated segment, for [`Document::write`](super::Document::write).
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    pub(super) placed: Placed,
    text: String,
}

impl Translated {
    /// The translation with its markup, before it is escaped.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The sentences of a segment, and their translations as far as they are there.
struct Job<'a> {
    segment: &'a Segment,
    sentences: Vec<Range<usize>>,
    translations: Vec<Translation>,
}

pub(super) fn translate<'a, T: Translate>(
    segments: impl Iterator<Item = &'a Segment>,
    options: &TranslateOptions,
    translator: &mut T,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Translated>, TranslateError<T::Error>> {
    let mut jobs: Vec<_> = segments.map(|segment| job(segment, options, translator)).collect();
    let mut waiting = Vec::new();
    for (number, job) in jobs.iter().enumerate() {
        let text = job.segment.text();
        for (index, range) in job.sentences.iter().enumerate() {
            if has_words(text, range.clone(), &job.segment.spans) {
                waiting.push((number, index, text[range.clone()].to_owned()));
            }
        }
    }
    let total = waiting.len();
    let mut done = 0;
    progress(done, total);
    for batch in waiting.chunks(options.batch()) {
        let sentences: Vec<_> = batch.iter().map(|(_, _, sentence)| sentence.clone()).collect();
        let found = translator.translate(&sentences).map_err(TranslateError::Translation)?;
        if found.len() != sentences.len() {
            let (sentences, translations) = (sentences.len(), found.len());
            return Err(TranslateError::Count { sentences, translations });
        }
        for ((number, index, sentence), translation) in batch.iter().zip(found) {
            jobs[*number].translations[*index] = on_one_line(sentence, translation);
        }
        done += batch.len();
        progress(done, total);
    }
    Ok(jobs.into_iter().map(finish).collect())
}

/// A segment's sentences; those without words are their own translation.
fn job<'a, T: Translate>(
    segment: &'a Segment,
    options: &TranslateOptions,
    translator: &T,
) -> Job<'a> {
    let fits = |sentence: &str| translator.fits(sentence);
    let text = segment.text();
    let sentences = split::ranges(text, &segment.spans, options.split(), options.language(), &fits);
    let own = sentences.iter().map(|range| Translation::new(&text[range.clone()]));
    let translations = own.collect();
    Job { segment, sentences, translations }
}

/// Line breaks that a model adds become spaces, of the same number of bytes, so that a line stays a line.
fn on_one_line(sentence: &str, translation: Translation) -> Translation {
    let is_break = |c: char| matches!(c, '\n' | '\r');
    if sentence.contains(is_break) || !translation.text().contains(is_break) {
        return translation;
    }
    let line = Translation::new(translation.text().replace(is_break, " "));
    match translation.links() {
        Some(links) => line.with_links(links.to_vec()),
        None => line,
    }
}

fn finish(job: Job<'_>) -> Translated {
    let placed = place(job.segment, &job.sentences, &job.translations);
    let text = match &placed {
        Placed::Unchanged => job.segment.text().to_owned(),
        Placed::Changed(tokens) => {
            let parts = tokens.iter().map(|token| match token {
                Token::Text(text) | Token::Raw(text) => text.as_str(),
            });
            parts.collect()
        }
    };
    Translated { placed, text }
}
