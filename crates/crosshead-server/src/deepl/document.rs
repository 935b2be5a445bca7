//! `/v2/document`: upload, status, result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::kept::{Document, DocumentState, Owner, unknown_document};
use super::missing;
use crate::fields::Parameters;
use crate::id;
use crate::native::{Uploaded, download, format_of, translate_upload};
use crate::reply::ApiError;
use crate::state::Shared;
use crate::translate::Request;

/// The time after which a document is dropped.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// The most documents.
const COUNT: usize = 64;

pub(super) async fn upload(
    State(app): Shared,
    owner: Owner,
    form: Multipart,
) -> Result<Json<Value>, ApiError> {
    let uploaded = Uploaded::read(form).await?;
    let target = uploaded.field("target_lang").ok_or_else(|| missing("target_lang"))?;
    let source = uploaded.field("source_lang");
    if let Some(formality @ ("more" | "less")) = uploaded.field("formality").as_deref() {
        return Err(ApiError::bad(format!(
            "formality `{formality}` is not supported for target_lang {target}"
        )));
    }
    let name = uploaded.field("filename").unwrap_or(uploaded.name);
    format_of(&name)?;
    let glossary = match uploaded.fields.iter().find(|(name, _)| name == "glossary_id") {
        Some((_, id)) => Some(app.deepl.glossaries.terms(owner, id, source.as_deref(), &target)?),
        None => None,
    };
    let request = Request {
        detects: source.is_none(),
        from: source,
        to: Some(target),
        glossary,
        ..Request::default()
    };
    let (id, key) = (id::random(), id::random());
    let mut entries = app.deepl.documents.entries();
    entries.retain(|entry| entry.uploaded.elapsed() < KEPT);
    if entries.len() >= COUNT {
        return Err(ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too many documents wait for their download; try again later",
        ));
    }
    entries.push(Document {
        owner,
        id: id.clone(),
        key: key.clone(),
        name: name.clone(),
        uploaded: Instant::now(),
        state: DocumentState::Translating,
    });
    drop(entries);
    let (own, document, bytes) = (Arc::clone(&app), id.clone(), uploaded.bytes);
    tokio::spawn(async move {
        let state = match translate_upload(&own, &request, &name, bytes).await {
            Ok(found) => {
                own.deepl.count(found.characters);
                let characters = found.characters;
                DocumentState::Done { bytes: found.bytes.into(), characters }
            }
            Err(error) => DocumentState::Failed(error.message),
        };
        own.deepl.documents.set(&document, state);
    });
    Ok(Json(json!({ "document_id": id, "document_key": key })))
}

pub(super) async fn status(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
    Parameters(mut fields): Parameters,
) -> Result<Json<Value>, ApiError> {
    let key = fields.text("document_key")?.ok_or_else(|| missing("document_key"))?;
    let entries = app.deepl.documents.entries();
    let entry = entries.iter().find(|entry| entry.is(owner, &id, &key));
    let entry = entry.ok_or_else(|| unknown_document(&id))?;
    Ok(Json(match &entry.state {
        DocumentState::Translating => {
            json!({ "document_id": id, "status": "translating", "seconds_remaining": 1 })
        }
        DocumentState::Done { characters, .. } => {
            json!({ "document_id": id, "status": "done", "billed_characters": characters })
        }
        DocumentState::Failed(message) => json!({
            "document_id": id,
            "status": "error",
            "message": message,
            "error_message": message,
        }),
    }))
}

/// The document, which is dropped once it is downloaded, as at DeepL.
pub(super) async fn result(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
    Parameters(mut fields): Parameters,
) -> Result<Response, ApiError> {
    let key = fields.text("document_key")?.ok_or_else(|| missing("document_key"))?;
    let mut entries = app.deepl.documents.entries();
    let found = entries.iter().position(|entry| entry.is(owner, &id, &key));
    let at = found.ok_or_else(|| unknown_document(&id))?;
    match &entries[at].state {
        DocumentState::Done { .. } => {}
        DocumentState::Translating => {
            return Err(ApiError::unavailable("the document is not ready"));
        }
        DocumentState::Failed(message) => return Err(ApiError::unprocessable(message.clone())),
    }
    let Document { name, state, .. } = entries.remove(at);
    match state {
        DocumentState::Done { bytes, .. } => Ok(download(&name, bytes)),
        DocumentState::Translating | DocumentState::Failed(_) => Err(unknown_document(&id)),
    }
}
