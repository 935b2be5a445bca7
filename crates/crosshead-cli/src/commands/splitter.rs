//! The model as a translator of texts that have several sentences.

use crosshead::documents::{Sentence, Split, sentences};
use crosshead::tasks::TaskError;
use crosshead::{TextHooks, TextToText, Written};

use crate::args::SplitName;

/// A translator of texts that may have several sentences.
pub(super) struct Splitter<'a> {
    pub(super) writer: &'a TextToText,
    pub(super) split: SplitName,
    /// The language whose rules split sentences.
    pub(super) language: &'a str,
}

impl Splitter<'_> {
    /// Translates texts. A text of one sentence is given to the model as it is.
    pub(super) fn write(&self, texts: &[String]) -> Result<Vec<Written>, TaskError> {
        if self.split == SplitName::None {
            return self.writer.write(texts, TextHooks::none());
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
        let mut written = self.writer.write(&inputs, TextHooks::none())?.into_iter();
        let joined = parts.iter().map(|parts| {
            match parts.iter().filter(|part| !part.text.is_empty()).count() {
                0 | 1 => written.next().unwrap_or_default(),
                count => join(
                    parts.iter().map(|part| {
                        let own = if part.text.is_empty() { None } else { written.next() };
                        (own.unwrap_or_default(), part)
                    }),
                    count,
                ),
            }
        });
        Ok(joined.collect())
    }
}

/// Joins the translations of a text's sentences. The score is the mean of theirs.
fn join<'a>(parts: impl Iterator<Item = (Written, &'a Sentence<'a>)>, sentences: usize) -> Written {
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
    }
    joined
}
