//! `/translate_file` and `/download_file`.

use axum::Json;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::check_key;
use super::translate::missing;
use crate::files::File;
use crate::id;
use crate::native::{Uploaded, download, translate_upload};
use crate::reply::ApiError;
use crate::state::Shared;
use crate::translate::Request;

pub(super) async fn translate_file(
    State(app): Shared,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Json<Value>, ApiError> {
    let uploaded = Uploaded::read(form).await?;
    check_key(&app, &headers, uploaded.field("api_key").as_deref())?;
    let source = uploaded.field("source").ok_or_else(|| missing("source"))?;
    let target = uploaded.field("target").ok_or_else(|| missing("target"))?;
    let is_auto = source == "auto";
    let request = Request {
        from: (!is_auto).then_some(source),
        detects: is_auto,
        to: Some(target),
        ..Request::default()
    };
    let name = uploaded.name;
    let found = translate_upload(&app, &request, &name, uploaded.bytes).await?;
    let id = id::random();
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20");
    app.files.keep(id.clone(), File { name, bytes: found.bytes.into() });
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.map(|host| format!("http://{host}")).unwrap_or_default();
    Ok(Json(json!({ "translatedFileUrl": format!("{host}/download_file/{id}/{encoded}") })))
}

/// The id in the address is secret, so that no key is needed.
pub(super) async fn download_file(
    State(app): Shared,
    Path((id, _)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let found = app.files.find(&id);
    let file = found
        .ok_or_else(|| ApiError::missing("the file is no longer there; translate it again"))?;
    Ok(download(&file.name, file.bytes))
}
