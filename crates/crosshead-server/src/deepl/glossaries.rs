//! `/v2/glossaries`.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosshead_documents::two_letters;
use serde_json::{Value, json};

use super::kept::{Entry, Owner, unknown_glossary};
use super::missing;
use crate::fields::Fields;
use crate::id;
use crate::reply::ApiError;
use crate::state::Shared;
use crate::translate;

/// The most bytes of all glossaries.
const BYTES: usize = 64 << 20;

/// The most glossaries.
const COUNT: usize = 1000;

pub(super) async fn create(
    State(app): Shared,
    owner: Owner,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let mut required = |name: &str| fields.text(name)?.ok_or_else(|| missing(name));
    let (name, source, target) =
        (required("name")?, required("source_lang")?, required("target_lang")?);
    let (text, format) = (required("entries")?, required("entries_format")?);
    if format != "tsv" {
        return Err(ApiError::bad(format!(
            "entries_format `{format}` is not supported; send tsv: a term, a tab and its translation on each line"
        )));
    }
    let pairs: Result<Vec<(&str, &str)>, ApiError> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            line.split_once('\t')
                .ok_or_else(|| ApiError::bad(format!("the entry `{line}` has no tab")))
        })
        .collect();
    let terms = translate::glossary(pairs?).map_err(|error| ApiError::bad(error.message))?;
    if terms.terms().is_empty() {
        return Err(ApiError::bad("the glossary has no entries"));
    }
    let [source, target] = [source, target].map(|code| code.to_ascii_lowercase());
    let [source, target] = [&source, &target].map(|code| two_letters(code).to_owned());
    let entry = Entry {
        owner,
        id: id::random(),
        name,
        source,
        target,
        created: SystemTime::now(),
        text,
        terms: Arc::new(terms),
    };
    let mut entries = app.deepl.glossaries.entries();
    let bytes: usize = entries.iter().map(|entry| entry.text.len()).sum();
    if entries.len() >= COUNT || bytes + entry.text.len() > BYTES {
        return Err(ApiError::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "there is no room for another glossary; delete one",
        ));
    }
    let reply = entry.to_json();
    entries.push(entry);
    Ok((StatusCode::CREATED, Json(reply)).into_response())
}

pub(super) async fn all(State(app): Shared, owner: Owner) -> Json<Value> {
    let entries = app.deepl.glossaries.entries();
    let own = entries.iter().filter(|entry| entry.owner == owner);
    Json(json!({ "glossaries": own.map(Entry::to_json).collect::<Vec<_>>() }))
}

pub(super) async fn one(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    app.deepl.glossaries.with(owner, &id, Entry::to_json).map(Json)
}

pub(super) async fn entries(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let text = app.deepl.glossaries.with(owner, &id, |entry| entry.text.clone())?;
    Ok(([(header::CONTENT_TYPE, "text/tab-separated-values; charset=utf-8")], text).into_response())
}

pub(super) async fn delete(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut entries = app.deepl.glossaries.entries();
    let found = entries.iter().position(|entry| entry.owner == owner && entry.id == id);
    entries.remove(found.ok_or_else(|| unknown_glossary(&id))?);
    Ok(StatusCode::NO_CONTENT)
}
