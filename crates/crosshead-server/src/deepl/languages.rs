//! `/v2/languages` and `/v2/glossary-language-pairs`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::upper;
use crate::fields::Parameters;
use crate::libre::{directions, language_name};
use crate::reply::ApiError;
use crate::state::Shared;

pub(super) async fn languages(
    State(app): Shared,
    Parameters(mut fields): Parameters,
) -> Result<Json<Value>, ApiError> {
    let directions = directions(&app);
    let is_target = match fields.text("type")?.as_deref() {
        None | Some("source") => false,
        Some("target") => true,
        Some(other) => {
            return Err(ApiError::bad(format!("type `{other}` is not source or target")));
        }
    };
    let codes: BTreeSet<&String> = match is_target {
        true => directions.values().flatten().collect(),
        false => directions.keys().collect(),
    };
    let language = |code: &String| {
        let mut language = json!({ "language": upper(code), "name": language_name(code) });
        if is_target {
            language["supports_formality"] = json!(false);
        }
        language
    };
    Ok(Json(codes.into_iter().map(language).collect()))
}

pub(super) async fn pairs(State(app): Shared) -> Json<Value> {
    let directions = directions(&app);
    let pairs = directions.iter().flat_map(|(from, targets)| {
        targets.iter().map(move |to| json!({ "source_lang": from, "target_lang": to }))
    });
    Json(json!({ "supported_languages": pairs.collect::<Vec<_>>() }))
}
