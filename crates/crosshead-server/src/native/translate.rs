//! `/api/translate`, `/api/detect` and `/api/document`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::{Multipart, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use crosshead_documents::{Fields, Format, Split};
use crosshead_tasks::Candidate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{WriteOptions, estimate};
use crate::files::plain_name;
use crate::reply::{ApiError, Json};
use crate::state::{App, Shared};
use crate::translate::{self, ALTERNATIVES, Request, Translated};

/// A text or several.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

/// What is translated at once.
#[derive(Clone, Copy, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SplitName {
    #[default]
    Sentences,
    Lines,
    None,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Sentences => Self::Sentences,
            SplitName::Lines => Self::Lines,
            SplitName::None => Self::None,
        }
    }
}

/// A term and its translation.
#[derive(Deserialize, ToSchema)]
struct Term {
    source: String,
    target: String,
}

/// Texts to translate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TranslateRequest {
    /// The name of a model; without one, the first for the languages.
    model: Option<String>,
    text: Texts,
    /// The source language; `auto` or nothing detects it where several are possible.
    from: Option<String>,
    to: Option<String>,
    /// The number of further translations, at most 16.
    #[serde(default)]
    alternatives: usize,
    beams: Option<usize>,
    /// Adds the tokens with their log-probabilities.
    #[serde(default)]
    tokens: bool,
    /// Adds which source words each word comes from.
    #[serde(default)]
    alignment: bool,
    #[serde(default)]
    split: SplitName,
    #[serde(default)]
    glossary: Vec<Term>,
    /// The beginning of the translation, for a single text of one sentence.
    prefix: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TranslateReply {
    translations: Vec<TranslationReply>,
}

#[derive(Serialize, ToSchema)]
struct TranslationReply {
    text: String,
    /// The log-probability divided by the length penalty.
    score: f32,
    from: Option<String>,
    warning: Option<String>,
    alternatives: Vec<AlternativeReply>,
    tokens: Option<Vec<TokenReply>>,
    alignment: Option<AlignmentReply>,
}

#[derive(Serialize, ToSchema)]
struct AlternativeReply {
    text: String,
    score: f32,
}

#[derive(Serialize, ToSchema)]
struct TokenReply {
    text: String,
    logprob: f32,
}

/// The words of both texts, and for each target word the weight of each source word.
#[derive(Serialize, ToSchema)]
struct AlignmentReply {
    source: Vec<String>,
    target: Vec<String>,
    weights: Vec<Vec<f32>>,
}

/// The number of beams that a request may ask for.
const BEAMS: usize = 64;

impl TranslateRequest {
    fn into_request(self) -> Result<Request, ApiError> {
        if self.alternatives > ALTERNATIVES {
            return Err(ApiError::unprocessable(format!(
                "`alternatives` is {}; at most {ALTERNATIVES} are possible",
                self.alternatives
            )));
        }
        if let Some(beams) = self.beams.filter(|beams| !(1..=BEAMS).contains(beams)) {
            let message = format!("`beams` is {beams}; it must be from 1 to {BEAMS}");
            return Err(ApiError::unprocessable(message));
        }
        let pairs = self.glossary.iter().map(|term| (term.source.as_str(), term.target.as_str()));
        let glossary = translate::glossary(pairs)?;
        let from = self.from.filter(|from| !from.is_empty() && from != "auto");
        let prefix = self.prefix.filter(|prefix| !prefix.is_empty());
        Ok(Request {
            model: self.model,
            texts: self.text.into_vec(),
            from,
            detects: false,
            to: self.to.filter(|to| !to.is_empty()),
            markup: false,
            alternatives: self.alternatives,
            beams: self.beams,
            alignment: self.alignment,
            // A prefix belongs to the whole text.
            split: if prefix.is_some() { Split::None } else { self.split.into() },
            glossary: (!glossary.terms().is_empty()).then(|| Arc::new(glossary)),
            prefix,
        })
    }
}

/// Translate texts.
#[utoipa::path(post, path = "/api/translate", request_body = TranslateRequest,
    responses((status = 200, body = TranslateReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn translate(
    State(app): Shared,
    Json(request): Json<TranslateRequest>,
) -> Result<Reply<TranslateReply>, ApiError> {
    let (tokens, alignment) = (request.tokens, request.alignment);
    let request = request.into_request()?;
    let found = translate::translate(&app, &request).await?;
    if (tokens || alignment) && found.iter().any(|found| !found.is_single) {
        return Err(ApiError::unprocessable(
            "`tokens` and `alignment` are for a single sentence: send one, or set `split` to `none`",
        ));
    }
    let reply = |(source, found): (&String, Translated)| reply(source, found, tokens);
    Ok(Reply(TranslateReply { translations: request.texts.iter().zip(found).map(reply).collect() }))
}

fn reply(source: &str, found: Translated, with_tokens: bool) -> TranslationReply {
    let Translated { written, from, warning, .. } = found;
    let tokens = written.n_best.first().map(token_replies).unwrap_or_default();
    let others = written.n_best.into_iter().skip(1);
    let alternative = |other: Candidate| AlternativeReply { text: other.text, score: other.score };
    let alignment = written.alignment.map(|alignment| AlignmentReply {
        source: words(source, &alignment.source),
        target: words(&written.text, &alignment.target),
        weights: alignment.weights,
    });
    TranslationReply {
        text: written.text,
        score: written.score,
        from,
        warning,
        alternatives: others.map(alternative).collect(),
        tokens: with_tokens.then_some(tokens),
        alignment,
    }
}

fn token_replies(candidate: &Candidate) -> Vec<TokenReply> {
    let token = |token: &crosshead_tasks::ScoredToken| TokenReply {
        text: token.token.clone(),
        logprob: token.log_prob,
    };
    candidate.tokens.iter().map(token).collect()
}

fn words(text: &str, ranges: &[Range<usize>]) -> Vec<String> {
    let word = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default().to_owned();
    ranges.iter().map(word).collect()
}

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
    words: Vec<TokenReply>,
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
    let call = move |loaded: &mut crate::engine::Loaded| {
        let writer = loaded.writer(&options)?;
        let writer = writer.ok_or_else(|| ApiError::internal("the model has another task"))?;
        Ok(writer.next_words(&text, &prefix, count)?)
    };
    let found = route.engine.call(tokens, call).await?;
    let word = |word: crosshead_tasks::NextWord| TokenReply {
        text: word.text,
        logprob: word.log_prob,
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
            ApiError::new(error.status(), error.body_text())
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

