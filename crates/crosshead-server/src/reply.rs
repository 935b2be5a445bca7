//! Errors as replies, in the form of each API.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosshead_documents::{DocumentError, TranslateError};
use crosshead_tasks::{GenerateError, TaskError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::engine::Refused;

/// Seconds after which a client may try again.
const RETRY_AFTER: u32 = 1;

/// A reply that is an error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// 400: the request is malformed.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// The error for a body that cannot be read.
    pub(crate) fn of_body(status: StatusCode, message: impl Into<String>) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(status, "the body is too large; split the request")
            }
            status => Self::new(status, message),
        }
    }

    /// 404.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 422: the request is well-formed, but cannot be answered.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 500.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// 503.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "the queue of the model is full; try again in a moment",
            ),
            Refused::TooLarge => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the request has more tokens than the queue of the model holds; split it",
            ),
            Refused::Closed => Self::unavailable("the model is being unloaded"),
        }
    }
}

impl From<TaskError> for ApiError {
    fn from(error: TaskError) -> Self {
        let is_ours = matches!(
            error,
            TaskError::Generate(
                GenerateError::InvalidLogits { .. }
                    | GenerateError::InvalidConstraint { .. }
                    | GenerateError::LogitsShape { .. }
            ) | TaskError::Model(_)
                | TaskError::NoModel(_)
                | TaskError::RunRecipe { .. }
                | TaskError::Mismatch { .. }
        );
        let message = error.to_string();
        if is_ours { Self::internal(message) } else { Self::unprocessable(message) }
    }
}

impl From<DocumentError> for ApiError {
    fn from(error: DocumentError) -> Self {
        Self::unprocessable(error.to_string())
    }
}

impl From<TranslateError<ApiError>> for ApiError {
    fn from(error: TranslateError<Self>) -> Self {
        match error {
            TranslateError::Translation(error) => error,
            TranslateError::Count { .. } => Self::internal(error.to_string()),
            TranslateError::Document(error) => error.into(),
        }
    }
}

/// The body of an error: of our API, and of LibreTranslate's.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ErrorBody {
    /// What to do.
    pub(crate) error: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = axum::Json(ErrorBody { error: self.message.clone() });
        let mut response = (self.status, body).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        // The API of the route gives it its form.
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives an error the form of the API at a path.
pub(crate) fn shaped(path: &str, mut response: Response) -> Response {
    let Some(ApiError { status, message }) = response.extensions_mut().remove() else {
        return response;
    };
    let body = if path.starts_with("/v1/") {
        let (kind, code) = match status.as_u16() {
            401 => ("authentication_error", Some("invalid_api_key")),
            404 => ("invalid_request_error", Some("model_not_found")),
            429 => ("rate_limit_error", Some("rate_limit_exceeded")),
            500.. => ("server_error", None),
            _ => ("invalid_request_error", None),
        };
        json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
    } else if path.starts_with("/v2/") {
        json!({ "message": message })
    } else if ["/embed", "/rerank", "/predict", "/info"].contains(&path) {
        let kind = match status.as_u16() {
            429 => "overloaded",
            413 | 422 | 400 => "validation",
            _ => "backend",
        };
        json!({ "error": message, "error_type": kind })
    } else {
        return response;
    };
    // DeepL's clients know only 403 as the answer to a wrong key.
    let status = match status {
        StatusCode::UNAUTHORIZED if path.starts_with("/v2/") => StatusCode::FORBIDDEN,
        status => status,
    };
    let headers = std::mem::take(response.headers_mut());
    let mut shaped = (status, axum::Json(body)).into_response();
    for (name, value) in &headers {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            shaped.headers_mut().insert(name, value.clone());
        }
    }
    shaped
}

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let read: Result<axum::Json<T>, JsonRejection> =
            axum::Json::from_request(request, state).await;
        let axum::Json(value) = read.map_err(|error| match error {
            // Well-formed JSON with a wrong key or type.
            JsonRejection::JsonDataError(error) => ApiError::bad(error.body_text()),
            error => ApiError::of_body(error.status(), error.body_text()),
        })?;
        Ok(Self(value))
    }
}

/// The parameters of an address.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, ApiError> {
        let read: Result<axum::extract::Query<T>, QueryRejection> =
            axum::extract::Query::from_request_parts(parts, state).await;
        let axum::extract::Query(value) = read.map_err(|error| ApiError::bad(error.body_text()))?;
        Ok(Self(value))
    }
}
