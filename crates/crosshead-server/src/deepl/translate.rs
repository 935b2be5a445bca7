//! `/v2/translate`.

use axum::Json;
use axum::extract::State;
use crosshead_documents::Split;
use serde_json::{Value, json};

use super::kept::Owner;
use super::{missing, upper};
use crate::fields::Fields;
use crate::reply::ApiError;
use crate::state::Shared;
use crate::translate::{self, Request};

/// Fields whose effect is not supported.
const REFUSED: [&str; 5] =
    ["ignore_tags", "non_splitting_tags", "splitting_tags", "style_id", "custom_instructions"];

/// Fields without effect here, which is said in the answer.
const WITHOUT_EFFECT: [&str; 2] = ["context", "model_type"];

/// The most texts of a request, as at DeepL.
const TEXTS: usize = 50;

pub(super) async fn translate(
    State(app): Shared,
    owner: Owner,
    mut fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let (texts, _) = fields.texts("text")?.ok_or_else(|| missing("text"))?;
    if texts.len() > TEXTS {
        return Err(ApiError::bad(format!("a request may have at most {TEXTS} texts")));
    }
    let target = fields.text("target_lang")?.ok_or_else(|| missing("target_lang"))?;
    let source = fields.text("source_lang")?.filter(|source| !source.is_empty());
    let markup = match fields.text("tag_handling")?.as_deref() {
        None | Some("") => false,
        Some("html" | "xml") => true,
        Some(other) => {
            return Err(ApiError::bad(format!("tag_handling `{other}` is not supported")));
        }
    };
    let split = match fields.text("split_sentences")?.as_deref() {
        None | Some("" | "1" | "true" | "nonewlines") => Split::Sentences,
        Some("0" | "false") => Split::None,
        Some(other) => {
            return Err(ApiError::bad(format!("split_sentences `{other}` is not supported")));
        }
    };
    let mut notices = formality(&mut fields, &target)?;
    for name in REFUSED {
        let is_set = fields.value::<Value>(name)?;
        if is_set.is_some_and(|value| value != json!([]) && value != json!("")) {
            return Err(ApiError::bad(format!("`{name}` is not supported; leave it out")));
        }
    }
    for name in WITHOUT_EFFECT {
        if fields.text(name)?.is_some_and(|value| !value.is_empty()) {
            notices.push(format!("{name} has no effect"));
        }
    }
    let shows_characters = fields.flag("show_billed_characters")?;
    let glossary = match fields.text("glossary_id")?.filter(|id| !id.is_empty()) {
        Some(id) => Some(app.deepl.glossaries.terms(owner, &id, source.as_deref(), &target)?),
        None => None,
    };
    let request = Request {
        detects: source.is_none(),
        texts,
        from: source,
        to: Some(target),
        markup,
        split,
        glossary,
        ..Request::default()
    };
    let found = translate::translate(&app, &request).await?;
    let lengths: Vec<usize> = request.texts.iter().map(|text| text.chars().count()).collect();
    app.deepl.count(lengths.iter().sum());
    let translation = |(found, length): (&translate::Translated, &usize)| {
        let mut translation = json!({
            "detected_source_language": upper(found.from.as_deref().unwrap_or("en")),
            "text": found.written.text,
        });
        if shows_characters {
            translation["billed_characters"] = json!(length);
        }
        translation
    };
    let translations: Vec<Value> = found.iter().zip(&lengths).map(translation).collect();
    let mut reply = json!({ "translations": translations });
    if !notices.is_empty() {
        reply["notice"] = json!(notices.join("; "));
    }
    Ok(Json(reply))
}

/// Takes the formality, which no model has: a preference is accepted, a demand is refused.
///
/// # Errors
/// If it is demanded.
pub(super) fn formality(fields: &mut Fields, target: &str) -> Result<Vec<String>, ApiError> {
    match fields.text("formality")?.as_deref() {
        None | Some("" | "default") => Ok(Vec::new()),
        Some(preferred @ ("prefer_more" | "prefer_less")) => {
            Ok(vec![format!("formality {preferred} has no effect: the models have no formality")])
        }
        Some(other) => Err(ApiError::bad(format!(
            "formality `{other}` is not supported for target_lang {target}; use prefer_more, prefer_less or default"
        ))),
    }
}
