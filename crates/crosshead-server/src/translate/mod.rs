//! Translating the texts of a request: choosing the model, sentences, markup.

mod detect;
mod document;
mod route;
mod sentences;
mod terms;

use std::sync::Arc;

use crosshead_documents::{Format, Glossary, Split};
use crosshead_tasks::{DecodeOptions, Written};

use crate::engine::WriteOptions;
use crate::reply::ApiError;
use crate::state::App;
pub(crate) use detect::{Detected, detect};
pub(crate) use document::{TranslatedDocument, translate_document};
pub(crate) use route::{Route, route};
pub(crate) use terms::glossary;

/// Number of consecutive copies of words from which on an output counts as a loop, as in the command line.
pub(crate) const LOOP_COPIES: usize = 10;

/// The most alternatives of a translation.
pub(crate) const ALTERNATIVES: usize = 16;

/// Texts to translate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// The name of the model; without one, a model for the languages.
    pub(crate) model: Option<String>,
    pub(crate) texts: Vec<String>,
    /// The source language; none if it is to be detected, or the model's only one.
    pub(crate) from: Option<String>,
    /// Whether a missing source language is detected, even if only one model fits.
    pub(crate) detects: bool,
    pub(crate) to: Option<String>,
    pub(crate) markup: bool,
    /// The number of further translations.
    pub(crate) alternatives: usize,
    pub(crate) beams: Option<usize>,
    pub(crate) alignment: bool,
    pub(crate) split: Split,
    pub(crate) glossary: Option<Arc<Glossary>>,
    /// The beginning of the translation.
    pub(crate) prefix: Option<String>,
}

/// A translated text.
#[derive(Clone, Debug)]
pub(crate) struct Translated {
    pub(crate) written: Written,
    /// The source language, as given, as detected, or as the model's only one.
    pub(crate) from: Option<String>,
    /// The confidence of the detection, from 0 to 1.
    pub(crate) confidence: Option<f64>,
    pub(crate) warning: Option<String>,
    /// Whether the text was one sentence for the model.
    pub(crate) is_single: bool,
}

/// Translates the texts of a request.
///
/// # Errors
/// If there is no model for the languages, an option does not fit, or the queue of the model is full.
pub(crate) async fn translate(app: &App, request: &Request) -> Result<Vec<Translated>, ApiError> {
    app.check_characters(request.texts.iter().map(String::as_str))?;
    if request.markup && request.alternatives > 0 {
        return Err(ApiError::unprocessable(
            "a text with markup has one translation; leave out `alternatives`",
        ));
    }
    let routes: Result<Vec<Route<'_>>, ApiError> =
        request.texts.iter().map(|text| route(app, request, text)).collect();
    let routes = routes?;
    let mut translated: Vec<Option<Translated>> = vec![None; routes.len()];
    // Texts for the same model and languages are translated together.
    for first in 0..routes.len() {
        if translated[first].is_some() {
            continue;
        }
        let group: Vec<usize> =
            (first..routes.len()).filter(|&index| routes[index].is_like(&routes[first])).collect();
        let texts: Vec<&str> = group.iter().map(|&index| request.texts[index].as_str()).collect();
        let found = if request.markup {
            let mut found = Vec::new();
            for text in &texts {
                found.push(document::translate_markup(request, &routes[first], text).await?);
            }
            found
        } else {
            sentences::translate(request, &routes[first], &texts).await?
        };
        for (index, mut found) in group.into_iter().zip(found) {
            found.from = routes[index].from.clone();
            found.confidence = routes[index].confidence;
            translated[index] = Some(found);
        }
    }
    Ok(translated.into_iter().flatten().collect())
}

impl Request {
    /// The options of the model.
    fn options(&self, route: &Route<'_>, alignment: bool) -> WriteOptions {
        let n_best = (self.alternatives > 0).then_some(self.alternatives.min(ALTERNATIVES) + 1);
        let of_model = route.engine.writer().map_or(1, |writer| writer.generation().num_beams);
        let beams = match n_best {
            Some(n_best) => Some(self.beams.unwrap_or(of_model).max(n_best)),
            None => self.beams,
        };
        let decode = DecodeOptions {
            beams,
            n_best,
            target_prefix: self.prefix.clone(),
            loop_guard: Some(LOOP_COPIES),
            ..DecodeOptions::default()
        };
        let (source, target) = (route.codes.source.clone(), route.codes.target.clone());
        WriteOptions { decode, source, target, alignment }
    }
}

/// The format of texts with tags. XML has the same tags, which all stay as they are.
pub(crate) const MARKUP: Format = Format::Html;
