//! `/api/info`: what the server has.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::models::{Model, task_name};
use crate::state::{App, Shared};

/// What the server has.
#[derive(Serialize)]
struct Info {
    version: &'static str,
    key_required: bool,
    models: Vec<ModelInfo>,
    limits: LimitsInfo,
    runs: bool,
}

#[derive(Serialize)]
struct LimitsInfo {
    body_bytes: usize,
    characters: usize,
}

#[derive(Serialize)]
struct ModelInfo {
    name: String,
    family: &'static str,
    task: &'static str,
    built_in: bool,
    from: Vec<String>,
    to: Vec<String>,
    about: Option<String>,
    loaded: bool,
    attention: Vec<&'static str>,
    /// The mask token of a masked language model.
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<String>,
}

impl ModelInfo {
    fn of(model: &Model) -> Self {
        let facts = &model.facts;
        Self {
            name: model.name().to_owned(),
            family: facts.family,
            task: task_name(facts.task),
            built_in: model.source.built_in,
            from: facts.directions.from(),
            to: facts.directions.to(),
            about: facts.about.clone(),
            loaded: model.loaded().is_some(),
            attention: facts.attention.iter().map(|kind| kind.name()).collect(),
            mask: facts.mask.clone(),
        }
    }
}

/// The route, which needs no key, so that the page can ask for one.
pub(crate) fn route() -> Router<Arc<App>> {
    Router::new().route("/api/info", get(info))
}

async fn info(State(app): Shared) -> Json<Info> {
    let options = &app.options;
    Json(Info {
        version: env!("CARGO_PKG_VERSION"),
        key_required: app.keys.are_required(),
        models: app.models.all().iter().map(ModelInfo::of).collect(),
        limits: LimitsInfo { body_bytes: options.body_bytes, characters: options.characters },
        runs: options.runs.is_some(),
    })
}
