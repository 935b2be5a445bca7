//! `/api/similar`.

use axum::Json as Reply;
use axum::extract::State;
use crosshead_tasks::{ModelTask, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Kind, Loaded, Output, Row, Work};
use crate::reply::{ApiError, Json};
use crate::state::{App, Shared};

/// A query, and texts that may be similar to it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimilarRequest {
    model: Option<String>,
    query: String,
    texts: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SimilarReply {
    results: Vec<SimilarText>,
}

/// A text and its similarity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SimilarText {
    pub(crate) index: usize,
    pub(crate) score: f32,
}

/// Rank texts by their similarity to a query.
#[utoipa::path(post, path = "/api/similar", request_body = SimilarRequest,
    responses((status = 200, body = SimilarReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn similar(
    State(app): Shared,
    Json(request): Json<SimilarRequest>,
) -> Result<Reply<SimilarReply>, ApiError> {
    let SimilarRequest { model, query, texts } = request;
    Ok(Reply(SimilarReply { results: rank(&app, model.as_deref(), query, texts).await? }))
}

/// Texts by their similarity to a query, the most similar first.
///
/// # Errors
/// If there is no embedding model, or it has no room.
pub(crate) async fn rank(
    app: &App,
    model: Option<&str>,
    query: String,
    texts: Vec<String>,
) -> Result<Vec<SimilarText>, ApiError> {
    app.check_characters(texts.iter().chain([&query]).map(String::as_str))?;
    let engine = app.models.for_task(model, ModelTask::Embedding)?.engine()?;
    let queries = vec![Row::text(query)];
    let documents = texts.into_iter().map(Row::text).collect();
    let (query, documents) = tokio::try_join!(
        engine.outputs(Work::Embed(Purpose::Query), queries),
        engine.outputs(Work::Embed(Purpose::Document), documents),
    )?;
    let (query, documents) = (vectors(query), vectors(documents));
    let compare = move |loaded: &mut Loaded| match &loaded.kind {
        Kind::Embedder(embedder) => {
            let similarity = embedder.similarity();
            let score = |vector: &Vec<f32>| similarity.of(&query[0], vector);
            Ok(documents.iter().map(score).collect::<Vec<f32>>())
        }
        _ => Err(ApiError::internal("the model has another task")),
    };
    let scores = engine.call(1, compare).await?;
    let mut results: Vec<SimilarText> =
        scores.into_iter().enumerate().map(|(index, score)| SimilarText { index, score }).collect();
    results.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(results)
}

/// The vectors of outputs.
pub(crate) fn vectors(outputs: Vec<Output>) -> Vec<Vec<f32>> {
    let vector = |output| match output {
        Output::Embedded(embedding) => Some(embedding.vector),
        _ => None,
    };
    outputs.into_iter().filter_map(vector).collect()
}
