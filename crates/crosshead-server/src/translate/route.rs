//! The model for a text and its languages.

use std::sync::Arc;

use crosshead_tasks::ModelTask;

use super::{Detected, Request, detect};
use crate::engine::Engine;
use crate::models::{Codes, Model, no_model};
use crate::reply::ApiError;
use crate::state::App;

/// The model that translates a text, and the languages.
pub(crate) struct Route<'a> {
    pub(crate) model: &'a Model,
    pub(crate) engine: Arc<Engine>,
    pub(crate) codes: Codes,
    pub(crate) from: Option<String>,
    pub(crate) confidence: Option<f64>,
}

impl Route<'_> {
    /// Whether texts of both are translated alike.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.model.name() == other.model.name()
            && self.codes == other.codes
            && self.from == other.from
    }

    /// The language whose rules split sentences.
    pub(crate) fn split_language(&self) -> &str {
        self.from.as_deref().unwrap_or("en")
    }
}

/// The model for a text: the named one, or the first loaded one for the languages.
///
/// # Errors
/// If there is no such model.
pub(crate) fn route<'a>(
    app: &'a App,
    request: &Request,
    text: &str,
) -> Result<Route<'a>, ApiError> {
    let models: Vec<&Model> = match &request.model {
        Some(name) => vec![app.models.for_task(Some(name), ModelTask::Translation)?],
        None => app.models.with_task(ModelTask::Translation).collect(),
    };
    if models.is_empty() {
        return Err(no_model(ModelTask::Translation));
    }
    let sources: Vec<String> =
        models.iter().flat_map(|model| model.facts.directions.from()).collect();
    let detected = match &request.from {
        Some(_) => None,
        None if request.detects || sources.len() > 1 => detect(text, &sources),
        None => None,
    };
    let from = request.from.clone().or(detected.as_ref().map(|found| found.language.clone()));
    let to = request.to.as_deref();
    let fitting = |from: Option<&str>| {
        models.iter().find_map(|&model| Some((model, model.facts.directions.codes(from, to)?)))
    };
    let (model, codes) =
        fitting(from.as_deref()).ok_or_else(|| unknown(&models, request, &from))?;
    let mut own = model.facts.directions.from();
    let only = if own.len() == 1 { own.pop() } else { None };
    let confidence = detected.map(|Detected { confidence, .. }| confidence);
    Ok(Route { model, engine: model.engine()?, codes, from: from.or(only), confidence })
}

/// The error for languages that no model has.
fn unknown(models: &[&Model], request: &Request, from: &Option<String>) -> ApiError {
    let directions: Vec<String> = models
        .iter()
        .map(|model| {
            let directions = &model.facts.directions;
            format!(
                "{} ({} to {})",
                model.name(),
                listed(&directions.from()),
                listed(&directions.to())
            )
        })
        .collect();
    let (from, to) = (from.as_deref().unwrap_or("any language"), request.to.as_deref());
    ApiError::bad(format!(
        "no model translates from {from} to {}; the models are: {}",
        to.unwrap_or("any language"),
        directions.join("; ")
    ))
}

fn listed(languages: &[String]) -> String {
    if languages.is_empty() { "any".to_owned() } else { languages.join(", ") }
}
