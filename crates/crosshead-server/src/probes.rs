//! Health, readiness and metrics.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::reply::ApiError;
use crate::state::{App, Shared};

/// The media type of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes that need no key.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/health", get(health)).route("/ready", get(ready))
}

/// The metrics.
pub(crate) fn metrics_route() -> Router<Arc<App>> {
    Router::new().route("/metrics", get(metrics))
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Whether a model is loaded and requests are accepted.
async fn ready(State(app): Shared) -> Result<Json<Value>, ApiError> {
    if app.is_stopping() {
        return Err(ApiError::unavailable("the server is stopping"));
    }
    let loaded = app.models.all().iter().filter(|model| model.loaded().is_some()).count();
    match loaded {
        0 => Err(ApiError::unavailable("no model is loaded")),
        loaded => Ok(Json(json!({ "status": "ready", "models": loaded }))),
    }
}

async fn metrics(State(app): Shared) -> Response {
    for model in app.models.all() {
        let (waiting, tokens) = model.loaded().map_or((0, 0), |engine| engine.load());
        app.metrics.load(model.name(), waiting, tokens);
    }
    ([(header::CONTENT_TYPE, OPEN_METRICS)], app.metrics.to_text()).into_response()
}
