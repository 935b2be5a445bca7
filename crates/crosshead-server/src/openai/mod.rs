//! The API of OpenAI: models, embeddings, completions, chat.

mod chat;
mod completions;
mod embeddings;
mod models;
mod options;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};

use crate::reply::ApiError;
use crate::state::App;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/models", get(models::all))
        .route("/v1/models/{*name}", get(models::one))
        .route("/v1/embeddings", post(embeddings::embeddings))
        .route("/v1/completions", post(completions::completions))
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/responses", any(responses))
        .route("/v1/responses/{*rest}", any(responses))
}

/// The Responses API keeps conversations on the server, which this one does not.
async fn responses() -> ApiError {
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "the Responses API is out of scope of this server; use /v1/chat/completions",
    )
}
