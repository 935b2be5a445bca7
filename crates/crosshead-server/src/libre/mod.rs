//! The API of LibreTranslate.

mod files;
mod languages;
mod translate;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};

use crate::reply::ApiError;
use crate::security::bearer;
use crate::state::App;
pub(crate) use languages::{directions, name as language_name};

/// The routes. They check keys themselves, because a key may be a field of the body.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/translate", post(translate::translate))
        .route("/detect", post(translate::detect))
        .route("/languages", get(languages::languages))
        .route("/frontend/settings", get(languages::settings))
        .route("/translate_file", post(files::translate_file))
        .route("/download_file/{id}/{name}", get(files::download_file))
        .route("/suggest", post(suggest))
}

/// Suggestions are not collected.
async fn suggest() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "Suggestions are disabled on this server")
}

/// Checks the key of a request, in the field `api_key` or the header.
fn check_key(app: &App, headers: &HeaderMap, field: Option<&str>) -> Result<(), ApiError> {
    if !app.keys.are_required() {
        return Ok(());
    }
    match field.filter(|key| !key.is_empty()).or_else(|| bearer(headers)) {
        Some(key) if app.keys.find(key).is_some() => Ok(()),
        Some(_) => Err(ApiError::new(StatusCode::FORBIDDEN, "Invalid API key")),
        None => Err(ApiError::bad("Please contact the server operator to get an API key")),
    }
}
