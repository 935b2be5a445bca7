//! Glossaries of requests.

use crosshead_documents::{Glossary, Inflected};
use crosshead_tasks::Required;

use crate::reply::ApiError;

/// The glossary of pairs of a term and its translation.
///
/// # Errors
/// If a term is empty or occurs twice.
pub(crate) fn glossary<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Glossary, ApiError> {
    let line = |(source, target): (&str, &str)| {
        let on_one_line = |text: &str| text.replace(['\t', '\n', '\r', '|'], " ");
        format!("{}\t{}\n", on_one_line(source), on_one_line(target))
    };
    let text: String = pairs.into_iter().map(line).collect();
    Glossary::parse(&text).map_err(|error| ApiError::unprocessable(format!("glossary: {error}")))
}

/// What the translation of a sentence must contain.
pub(super) fn required(glossary: Option<&Glossary>, sentence: &str) -> Vec<Required> {
    let found = glossary.map(|glossary| glossary.find(sentence)).unwrap_or_default();
    let required = |term: &crosshead_documents::Term| {
        Required::new(term.forms(Inflected::Refused)).with_whole_words(term.has_words())
    };
    found.iter().map(|found| required(found.term)).collect()
}
