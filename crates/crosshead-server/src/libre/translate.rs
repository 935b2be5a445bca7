//! `/translate` and `/detect`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::check_key;
use crate::fields::Fields;
use crate::reply::ApiError;
use crate::state::Shared;
use crate::translate::{self, ALTERNATIVES, Detected, Request};

pub(super) async fn translate(
    State(app): Shared,
    headers: HeaderMap,
    mut fields: Fields,
) -> Result<Json<Value>, ApiError> {
    check_key(&app, &headers, fields.text("api_key")?.as_deref())?;
    let (texts, is_list) = fields.texts("q")?.ok_or_else(|| missing("q"))?;
    let source = fields.text("source")?.ok_or_else(|| missing("source"))?;
    let target = fields.text("target")?.ok_or_else(|| missing("target"))?;
    let markup = match fields.text("format")?.as_deref() {
        None | Some("" | "text") => false,
        Some("html") => true,
        Some(other) => return Err(ApiError::bad(format!("{other} format is not supported"))),
    };
    let alternatives: usize = fields.number("alternatives")?.unwrap_or(0);
    if alternatives > ALTERNATIVES {
        return Err(ApiError::bad(format!(
            "Invalid request: alternatives parameter must be <= {ALTERNATIVES}"
        )));
    }
    let is_auto = source == "auto";
    let request = Request {
        texts,
        from: (!is_auto).then_some(source),
        detects: is_auto,
        to: Some(target),
        markup,
        // Texts with markup have one translation.
        alternatives: if markup { 0 } else { alternatives },
        ..Request::default()
    };
    let found = translate::translate(&app, &request).await?;
    let texts: Vec<&str> = found.iter().map(|found| found.written.text.as_str()).collect();
    let others: Vec<Vec<&str>> = found
        .iter()
        .map(|found| found.written.n_best.iter().skip(1).map(|other| other.text.as_str()).collect())
        .collect();
    let detected = found.iter().map(|found| {
        let language = found.from.as_deref().unwrap_or("en");
        json!({ "language": language, "confidence": percent(found.confidence.unwrap_or(0.0)) })
    });
    let detected: Vec<Value> = detected.collect();
    let mut reply = Map::new();
    let mut put = |key: &str, all: Value| {
        let value = match all {
            Value::Array(mut values) if !is_list => values.pop().unwrap_or_default(),
            all => all,
        };
        reply.insert(key.to_owned(), value);
    };
    if alternatives > 0 {
        put("alternatives", json!(others));
    }
    if is_auto {
        put("detectedLanguage", json!(detected));
    }
    put("translatedText", json!(texts));
    Ok(Json(reply.into()))
}

pub(super) async fn detect(
    State(app): Shared,
    headers: HeaderMap,
    mut fields: Fields,
) -> Result<Json<Value>, ApiError> {
    check_key(&app, &headers, fields.text("api_key")?.as_deref())?;
    let text = fields.text("q")?.ok_or_else(|| missing("q"))?;
    app.check_characters([text.as_str()])?;
    let found = translate::detect(&text, &[]);
    // A text without letters may be in any language.
    let Detected { language, confidence } =
        found.unwrap_or(Detected { language: "en".to_owned(), confidence: 0.0 });
    Ok(Json(json!([{ "language": language, "confidence": percent(confidence) }])))
}

fn percent(confidence: f64) -> f64 {
    (confidence * 100.0).round()
}

/// The error for a field that is missing.
pub(super) fn missing(name: &str) -> ApiError {
    ApiError::bad(format!("Invalid request: missing {name} parameter"))
}
