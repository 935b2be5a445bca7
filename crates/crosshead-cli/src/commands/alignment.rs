//! Alignments as JSON, and for documents.

use std::ops::Range;

use crosshead::Alignment;
use crosshead::documents::Link;
use serde_json::{Value, json};

use crate::args::AlignmentForm;
use crate::output::rounded;

/// The words of both texts, and for each target word the index of its source word.
pub(super) fn to_json(
    alignment: &Alignment,
    source: &str,
    target: &str,
    form: AlignmentForm,
) -> Value {
    let words = |text: &str, words: &[Range<usize>]| -> Vec<String> {
        let word = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default().to_owned();
        words.iter().map(word).collect()
    };
    let links: Vec<[usize; 2]> =
        alignment.links().iter().map(|link| [link.source, link.target]).collect();
    let mut object = json!({
        "source": words(source, &alignment.source),
        "target": words(target, &alignment.target),
        "links": links,
    });
    match form {
        AlignmentForm::Hard => {}
        AlignmentForm::Soft => object["weights"] = json!(rounded(&alignment.weights)),
    }
    object
}

/// Each word of a sentence with the word that it became.
pub(super) fn links(alignment: &Alignment) -> Vec<Link> {
    let link = |words: crosshead::AlignedWords| Link {
        source: alignment.source[words.source].clone(),
        target: alignment.target[words.target].clone(),
    };
    alignment.source_links().into_iter().map(link).collect()
}
