//! The API of DeepL, version 2.

mod document;
mod glossaries;
mod kept;
mod languages;
mod translate;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::reply::ApiError;
use crate::state::{App, Shared};
pub(crate) use kept::DeepL;

/// The characters that a month may have, as far as clients can see; there is no limit.
const CHARACTERS: u64 = 1_000_000_000_000;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v2/translate", post(translate::translate))
        .route("/v2/languages", get(languages::languages).post(languages::languages))
        .route("/v2/usage", get(usage).post(usage))
        .route("/v2/document", post(document::upload))
        .route("/v2/document/{id}", get(document::status).post(document::status))
        .route("/v2/document/{id}/result", get(document::result).post(document::result))
        .route("/v2/glossary-language-pairs", get(languages::pairs))
        .route("/v2/glossaries", get(glossaries::all).post(glossaries::create))
        .route("/v2/glossaries/{id}", get(glossaries::one).delete(glossaries::delete))
        .route("/v2/glossaries/{id}/entries", get(glossaries::entries))
}

async fn usage(axum::extract::State(app): Shared) -> Json<Value> {
    let count = app.deepl.characters();
    Json(json!({ "character_count": count, "character_limit": CHARACTERS }))
}

/// A code as DeepL writes it.
fn upper(code: &str) -> String {
    code.to_ascii_uppercase()
}

/// The error for a field that is missing.
fn missing(name: &str) -> ApiError {
    ApiError::bad(format!("Missing or invalid argument: {name}"))
}
