//! `/api/models/load` and `/api/models/unload`, for the models that were named at the start.

use axum::Json as Reply;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reply::{ApiError, Json};
use crate::state::{App, Shared};

/// The name of a model.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadRequest {
    model: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LoadReply {
    model: String,
    loaded: bool,
}

/// Load a model that was unloaded. Needs a server with keys.
#[utoipa::path(post, path = "/api/models/load", request_body = LoadRequest,
    responses((status = 200, body = LoadReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn load(
    State(app): Shared,
    Json(request): Json<LoadRequest>,
) -> Result<Reply<LoadReply>, ApiError> {
    check(&app)?;
    let model = request.model.clone();
    change(move || app.models.load(&model)).await?;
    Ok(Reply(LoadReply { model: request.model, loaded: true }))
}

/// Unload a model once its requests are answered. Needs a server with keys.
#[utoipa::path(post, path = "/api/models/unload", request_body = LoadRequest,
    responses((status = 200, body = LoadReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn unload(
    State(app): Shared,
    Json(request): Json<LoadRequest>,
) -> Result<Reply<LoadReply>, ApiError> {
    check(&app)?;
    let model = request.model.clone();
    change(move || app.models.unload(&model)).await?;
    Ok(Reply(LoadReply { model: request.model, loaded: false }))
}

/// Refuses to change models for everyone.
fn check(app: &App) -> Result<(), ApiError> {
    if app.keys.are_required() {
        return Ok(());
    }
    Err(ApiError::new(
        axum::http::StatusCode::FORBIDDEN,
        "models are loaded and unloaded only with a key; start the server with --api-key-file",
    ))
}

async fn change(f: impl FnOnce() -> Result<(), ApiError> + Send + 'static) -> Result<(), ApiError> {
    let changed = tokio::task::spawn_blocking(f).await;
    changed.map_err(|_| ApiError::internal("the model cannot be changed"))?
}
