//! The fields of a request, from JSON, a form, or a form in parts.

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::reply::{ApiError, Json};

/// The fields of a request. A field that a form repeats is a list.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Takes a field that is a text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(value)) => Ok(Some(value.to_string())),
            Some(Value::Number(value)) => Ok(Some(value.to_string())),
            Some(Value::Array(_) | Value::Object(_)) => {
                Err(ApiError::bad(format!("`{name}` must be a text")))
            }
        }
    }

    /// Takes a field that is a text or a list of texts. The second value says whether it is a list.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<(Vec<String>, bool)>, ApiError> {
        let wrong = || ApiError::bad(format!("`{name}` must be a text or a list of texts"));
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(values)) => {
                let text = |value| match value {
                    Value::String(text) => Ok(text),
                    _ => Err(wrong()),
                };
                let texts: Result<Vec<String>, ApiError> = values.into_iter().map(text).collect();
                Ok(Some((texts?, true)))
            }
            Some(Value::String(text)) => Ok(Some((vec![text], false))),
            Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(wrong()),
        }
    }

    /// Takes a field that is a number, or a text with one.
    pub(crate) fn number<T: std::str::FromStr>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let wrong = || ApiError::bad(format!("`{name}` is not a number: {text}"));
        text.trim().parse().map(Some).map_err(|_| wrong())
    }

    /// Takes a field of any type.
    pub(crate) fn value<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let read = serde_json::from_value(value);
                read.map(Some).map_err(|error| ApiError::bad(format!("`{name}`: {error}")))
            }
        }
    }

    /// Takes a field that is true or false, or a text or number with this meaning.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        Ok(match self.text(name)?.as_deref() {
            None | Some("" | "0" | "false" | "False") => false,
            Some("1" | "true" | "True") => true,
            Some(other) => {
                return Err(ApiError::bad(format!("`{name}` must be true or false, not {other}")));
            }
        })
    }

    fn add(&mut self, name: String, value: Value) {
        match self.0.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => drop(self.0.insert(name, value)),
        }
    }
}

/// The fields of the address, and those of the body if there is one. Some clients send a form with GET.
pub(crate) struct Parameters(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let mut fields = match request.headers().contains_key(header::CONTENT_TYPE) {
            true => Fields::from_request(request, state).await?,
            false => Fields(Map::new()),
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            fields.add(name.into_owned(), value.into_owned().into());
        }
        Ok(Self(fields))
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let mut fields = Self(Map::new());
        if kind.starts_with("application/x-www-form-urlencoded") {
            let bytes = axum::body::Bytes::from_request(request, state).await;
            let bytes =
                bytes.map_err(|error| ApiError::of_body(error.status(), error.body_text()))?;
            for (name, value) in form_urlencoded::parse(&bytes) {
                fields.add(name.into_owned(), value.into_owned().into());
            }
            return Ok(fields);
        }
        if kind.starts_with("multipart/form-data") {
            let form = Multipart::from_request(request, state).await;
            let mut form = form.map_err(|error| ApiError::bad(error.body_text()))?;
            let wrong = |error: axum::extract::multipart::MultipartError| {
                ApiError::of_body(error.status(), error.body_text())
            };
            while let Some(field) = form.next_field().await.map_err(wrong)? {
                let name = field.name().unwrap_or_default().to_owned();
                fields.add(name, field.text().await.map_err(wrong)?.into());
            }
            return Ok(fields);
        }
        Json::from_request(request, state).await.map(|Json(map)| Self(map))
    }
}
