//! `/v1/models`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::models::Model;
use crate::reply::ApiError;
use crate::state::Shared;

pub(super) async fn all(State(app): Shared) -> Json<Value> {
    let models: Vec<Value> = app.models.all().iter().map(model).collect();
    Json(json!({ "object": "list", "data": models }))
}

pub(super) async fn one(
    State(app): Shared,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(model(app.models.named(&name)?)))
}

fn model(model: &Model) -> Value {
    json!({ "id": model.name(), "object": "model", "created": 0, "owned_by": "crosshead" })
}
