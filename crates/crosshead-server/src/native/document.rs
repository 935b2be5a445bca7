//! `/api/document`, and what all APIs with documents share.

use std::path::Path;

use axum::extract::{Multipart, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use crosshead_documents::{Fields, Format};
use utoipa::ToSchema;

use crate::files::plain_name;
use crate::reply::ApiError;
use crate::state::{App, Shared};
use crate::translate::{self, Request};

/// A document to translate, as a form.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form in the OpenAPI document")]
pub(crate) struct DocumentForm {
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    from: Option<String>,
    to: Option<String>,
    model: Option<String>,
}

/// A file of a form, and the other fields.
#[derive(Default)]
pub(crate) struct Uploaded {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) fields: Vec<(String, String)>,
}

impl Uploaded {
    /// Reads a form with a field `file`.
    ///
    /// # Errors
    /// If it is malformed, or has no file.
    pub(crate) async fn read(mut form: Multipart) -> Result<Self, ApiError> {
        let wrong = |error: axum::extract::multipart::MultipartError| {
            ApiError::of_body(error.status(), error.body_text())
        };
        let mut uploaded = Self::default();
        let mut has_file = false;
        while let Some(field) = form.next_field().await.map_err(wrong)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                uploaded.name = plain_name(field.file_name().unwrap_or_default());
                uploaded.bytes = field.bytes().await.map_err(wrong)?.into();
                has_file = true;
            } else {
                uploaded.fields.push((name, field.text().await.map_err(wrong)?));
            }
        }
        if has_file { Ok(uploaded) } else { Err(ApiError::bad("the form has no `file`")) }
    }

    /// The value of a field that is not empty.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let found = self.fields.iter().find(|(own, value)| own == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    }
}

/// The format of a document, by its name.
///
/// # Errors
/// If it is unknown, or needs options that a request does not have.
pub(crate) fn format_of(name: &str) -> Result<Format, ApiError> {
    match Format::from_path(Path::new(name), Fields::default(), Vec::new()) {
        Some(format @ (Format::Text | Format::Markdown | Format::Html | Format::Srt)) => Ok(format),
        Some(format @ (Format::Vtt | Format::Po | Format::Docx)) => Ok(format),
        Some(Format::Json(_) | Format::JsonLines(_) | Format::Tsv(_)) | None => {
            Err(ApiError::unprocessable(format!(
                "{name}: unknown format; the formats are: txt, md, html, srt, vtt, po, docx"
            )))
        }
    }
}

/// Translates an uploaded document.
///
/// # Errors
/// If its format is unknown, or there is no model for the languages.
pub(crate) async fn translate_upload(
    app: &App,
    request: &Request,
    name: &str,
    bytes: Vec<u8>,
) -> Result<translate::TranslatedDocument, ApiError> {
    let format = format_of(name)?;
    // The language is detected in the beginning of a text file.
    let start: String = String::from_utf8_lossy(&bytes).chars().take(2000).collect();
    let route = translate::route(app, request, &start)?;
    let found = translate::translate_document(request, &route, bytes, format).await?;
    Ok(found)
}

/// Translate a document: txt, md, html, srt, vtt, po or docx.
#[utoipa::path(post, path = "/api/document",
    request_body(content = DocumentForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "the translated document", content_type = "application/octet-stream"),
        (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn document(State(app): Shared, form: Multipart) -> Result<Response, ApiError> {
    let uploaded = Uploaded::read(form).await?;
    let request = Request {
        model: uploaded.field("model"),
        from: uploaded.field("from").filter(|from| from != "auto"),
        to: uploaded.field("to"),
        ..Request::default()
    };
    let Uploaded { name, bytes, .. } = uploaded;
    let found = translate_upload(&app, &request, &name, bytes).await?;
    Ok(download(&name, found.bytes))
}

/// An answer that a browser saves as a file.
pub(crate) fn download(name: &str, bytes: impl IntoResponse) -> Response {
    let ascii: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20");
    let disposition = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, bytes).into_response()
}
