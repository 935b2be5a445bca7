//! `/api/translate`.

use std::ops::Range;
use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use crosshead_documents::Split;
use crosshead_tasks::Candidate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reply::{ApiError, Json};
use crate::state::Shared;
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
