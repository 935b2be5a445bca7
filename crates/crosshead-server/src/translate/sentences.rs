//! Texts as sentences, and back.

use crosshead_documents::{Sentence, Split, sentences};
use crosshead_tasks::{StopReason, Written, WrittenPart};

use super::terms::required;
use super::{Request, Route, Translated};
use crate::engine::{Input, Output, Row, Work, WrittenRow, estimate};
use crate::reply::ApiError;

/// Translates texts. A text of one sentence is given to the model as it is.
pub(super) async fn translate(
    request: &Request,
    route: &Route<'_>,
    texts: &[&str],
) -> Result<Vec<Translated>, ApiError> {
    let parts: Vec<Vec<Sentence<'_>>> =
        texts.iter().map(|text| split(request, route, text)).collect();
    let mut inputs: Vec<&str> = Vec::new();
    for (text, parts) in texts.iter().zip(&parts) {
        match count(parts) {
            0 | 1 => inputs.push(text),
            _ => inputs.extend(parts.iter().map(|part| part.text).filter(|text| !text.is_empty())),
        }
    }
    let work = Work::Write(request.options(route, request.alignment));
    let rows = inputs.iter().map(|text| row(request, text)).collect();
    let mut outputs = written(route.engine.outputs(work, rows).await?).into_iter();
    let joined = texts.iter().zip(&parts).map(|(_, parts)| {
        let sentences = count(parts);
        let mut is_far = false;
        let mut next = || {
            let row = outputs.next().unwrap_or_default();
            is_far |= row.is_far;
            row.written
        };
        let written = if sentences <= 1 {
            next()
        } else {
            let parts: Vec<WrittenPart<'_>> = parts
                .iter()
                .map(|&Sentence { text, separator }| {
                    let written = if text.is_empty() { Written::default() } else { next() };
                    WrittenPart { text, separator, written }
                })
                .collect();
            Written::join(&parts)
        };
        let warning = warning(route, &written, is_far);
        let is_single = sentences <= 1;
        Translated { written, from: None, confidence: None, warning, is_single }
    });
    Ok(joined.collect())
}

/// The row of a sentence.
pub(super) fn row(request: &Request, sentence: &str) -> Row {
    let required = required(request.glossary.as_deref(), sentence);
    let beams = request.beams.unwrap_or(1).max(request.alternatives + 1);
    let output = estimate(sentence.len()) * beams;
    Row { input: Input::Text { text: sentence.to_owned(), required }, sequence: 0, output }
}

/// What was written for each row.
pub(super) fn written(outputs: Vec<Output>) -> Vec<WrittenRow> {
    let written = |output| match output {
        Output::Written(row) => *row,
        _ => WrittenRow::default(),
    };
    outputs.into_iter().map(written).collect()
}

/// What is wrong with a translation, for its reader.
pub(super) fn warning(route: &Route<'_>, written: &Written, is_far: bool) -> Option<String> {
    let mut warnings = Vec::new();
    if written.truncated {
        warnings.push("the text is longer than the model allows and was truncated".to_owned());
    }
    if written.stop == Some(StopReason::Loop) {
        warnings
            .push("the translation is cut: it repeated the same words again and again".to_owned());
    }
    if is_far {
        let about = route.model.facts.about.as_deref();
        let known = about.map(|about| format!(" ({about})")).unwrap_or_default();
        warnings.push(format!("the text is far from what the model knows{known}"));
    }
    (!warnings.is_empty()).then(|| warnings.join("; "))
}

fn split<'t>(request: &Request, route: &Route<'_>, text: &'t str) -> Vec<Sentence<'t>> {
    if request.split == Split::None {
        return vec![Sentence { text, separator: "" }];
    }
    // A text that cannot be encoded is an error of the model, so it is left whole here.
    let fits =
        |text: &str| route.engine.writer().is_none_or(|writer| writer.fits(text).unwrap_or(true));
    sentences(text, request.split, route.split_language(), fits)
}

fn count(parts: &[Sentence<'_>]) -> usize {
    parts.iter().filter(|part| !part.text.is_empty()).count()
}
