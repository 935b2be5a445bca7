//! `/api/rank`.

use axum::Json as Reply;
use axum::extract::State;
use crosshead_tasks::RankedPair;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Loaded, WriteOptions, estimate};
use crate::reply::{ApiError, Json};
use crate::state::Shared;
use crate::translate::{self, Request};

/// Pairs of a source and its translation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RankRequest {
    model: Option<String>,
    from: Option<String>,
    to: Option<String>,
    pairs: Vec<[String; 2]>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RankReply {
    pairs: Vec<RankedReply>,
}

#[derive(Serialize, ToSchema)]
struct RankedReply {
    /// The log-probability divided by the length penalty.
    score: f32,
    logprob: f32,
    tokens: Vec<RankedToken>,
}

#[derive(Serialize, ToSchema)]
struct RankedToken {
    text: String,
    logprob: f32,
}

/// Score given translations.
#[utoipa::path(post, path = "/api/rank", request_body = RankRequest,
    responses((status = 200, body = RankReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn rank(
    State(app): Shared,
    Json(request): Json<RankRequest>,
) -> Result<Reply<RankReply>, ApiError> {
    let RankRequest { model, from, to, pairs } = request;
    app.check_characters(pairs.iter().flatten().map(String::as_str))?;
    let asked = Request { model, from, to, ..Request::default() };
    let first = pairs.first().map_or("", |pair| pair[0].as_str());
    let route = translate::route(&app, &asked, first)?;
    let (source, target) = (route.codes.source.clone(), route.codes.target.clone());
    let options = WriteOptions { source, target, ..WriteOptions::default() };
    let tokens = pairs.iter().flatten().map(|text| estimate(text.len())).sum();
    let call = move |loaded: &mut Loaded| {
        let writer = loaded.writer(&options)?;
        let writer = writer.ok_or_else(|| ApiError::internal("the model has another task"))?;
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|[source, target]| (source.as_str(), target.as_str())).collect();
        let mut ranked = Vec::with_capacity(pairs.len());
        for batch in pairs.chunks(BATCH) {
            ranked.extend(writer.rank(batch)?);
        }
        Ok(ranked)
    };
    let ranked = route.engine.call(tokens, call).await?;
    Ok(Reply(RankReply { pairs: ranked.into_iter().map(reply).collect() }))
}

/// Pairs per batch.
const BATCH: usize = 32;

fn reply(RankedPair { target, .. }: RankedPair) -> RankedReply {
    let token = |token: crosshead_tasks::ScoredToken| RankedToken {
        text: token.token,
        logprob: token.log_prob,
    };
    RankedReply {
        score: target.score,
        logprob: target.log_prob,
        tokens: target.tokens.into_iter().map(token).collect(),
    }
}
