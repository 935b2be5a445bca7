//! `/api/translate/next` and `/api/detect`.

use axum::Json as Reply;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Loaded, WriteOptions, estimate};
use crate::reply::{ApiError, Json};
use crate::state::Shared;
use crate::translate::{self, ALTERNATIVES, Request};

/// A text, and the beginning of its translation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NextRequest {
    model: Option<String>,
    text: String,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    prefix: String,
    /// The number of words, at most 16.
    #[serde(default = "eight")]
    n: usize,
}

fn eight() -> usize {
    8
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NextReply {
    words: Vec<WordReply>,
}

#[derive(Serialize, ToSchema)]
struct WordReply {
    text: String,
    /// The log-probability of its first token.
    logprob: f32,
    /// The beginning of the translation up to the end of the word.
    prefix: String,
}

/// The most probable words after the beginning of a translation.
#[utoipa::path(post, path = "/api/translate/next", request_body = NextRequest,
    responses((status = 200, body = NextReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn next(
    State(app): Shared,
    Json(request): Json<NextRequest>,
) -> Result<Reply<NextReply>, ApiError> {
    app.check_characters([request.text.as_str(), request.prefix.as_str()])?;
    let NextRequest { model, text, from, to, prefix, n } = request;
    let from = from.filter(|from| from != "auto");
    let asked = Request { model, from, to, ..Request::default() };
    let route = translate::route(&app, &asked, &text)?;
    let (source, target) = (route.codes.source.clone(), route.codes.target.clone());
    let options = WriteOptions { source, target, ..WriteOptions::default() };
    let count = n.clamp(1, ALTERNATIVES);
    let tokens = (count + 1) * estimate(text.len() + prefix.len());
    let call = move |loaded: &mut Loaded| {
        let writer = loaded.writer(&options)?;
        let writer = writer.ok_or_else(|| ApiError::internal("the model has another task"))?;
        Ok(writer.next_words(&text, &prefix, count)?)
    };
    let found = route.engine.call(tokens, call).await?;
    let word = |word: crosshead_tasks::NextWord| WordReply {
        text: word.text,
        logprob: word.log_prob,
        prefix: word.prefix,
    };
    Ok(Reply(NextReply { words: found.into_iter().map(word).collect() }))
}

/// A text whose language is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectRequest {
    text: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DetectReply {
    languages: Vec<LanguageReply>,
}

#[derive(Serialize, ToSchema)]
struct LanguageReply {
    language: String,
    /// From 0 to 1.
    confidence: f64,
}

/// Detect the language of a text.
#[utoipa::path(post, path = "/api/detect", request_body = DetectRequest,
    responses((status = 200, body = DetectReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn detect(
    State(app): Shared,
    Json(request): Json<DetectRequest>,
) -> Result<Reply<DetectReply>, ApiError> {
    app.check_characters([request.text.as_str()])?;
    let found = translate::detect(&request.text, &[]).into_iter();
    let language = |found: translate::Detected| LanguageReply {
        language: found.language,
        confidence: found.confidence,
    };
    Ok(Reply(DetectReply { languages: found.map(language).collect() }))
}
