//! `/api/score`.

use axum::Json as Reply;
use axum::extract::State;
use crosshead_evaluate::{Bleu, Chrf, EvaluateError, Metric, References, SegmentStatistics, Ter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reply::{ApiError, Json};
use crate::state::Shared;

/// Texts and their references.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreRequest {
    hypotheses: Vec<String>,
    /// One or more lists of references, each as long as the hypotheses.
    references: Vec<Vec<String>>,
    #[serde(default = "all")]
    metrics: Vec<MetricName>,
}

/// A metric.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MetricName {
    Bleu,
    Chrf,
    Ter,
}

fn all() -> Vec<MetricName> {
    vec![MetricName::Bleu, MetricName::Chrf, MetricName::Ter]
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ScoreReply {
    segments: usize,
    systems: Vec<SystemReply>,
}

#[derive(Serialize, ToSchema)]
struct SystemReply {
    system: String,
    scores: Vec<MetricReply>,
}

#[derive(Serialize, ToSchema)]
struct MetricReply {
    name: String,
    score: f64,
    /// The settings, as sacreBLEU writes them.
    signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
}

/// Score texts against references: BLEU, chrF, TER.
#[utoipa::path(post, path = "/api/score", request_body = ScoreRequest,
    responses((status = 200, body = ScoreReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn score(
    State(app): Shared,
    Json(request): Json<ScoreRequest>,
) -> Result<Reply<ScoreReply>, ApiError> {
    let references = request.references.iter().flatten();
    app.check_characters(request.hypotheses.iter().chain(references).map(String::as_str))?;
    let scored = tokio::task::spawn_blocking(move || scores(&request)).await;
    let scored = scored.map_err(|_| ApiError::internal("the scores cannot be computed"))?;
    Ok(Reply(scored.map_err(|error| ApiError::unprocessable(error.to_string()))?))
}

fn scores(request: &ScoreRequest) -> Result<ScoreReply, EvaluateError> {
    let segments = request.hypotheses.len();
    let references = References::new(&request.references, segments)?;
    let scored = |name: &MetricName| {
        let metric: Box<dyn Metric> = match name {
            MetricName::Bleu => Box::new(Bleu::new()),
            MetricName::Chrf => Box::new(Chrf::new()),
            MetricName::Ter => Box::new(Ter::new()),
        };
        let counted = SegmentStatistics::new(&*metric, &request.hypotheses, &references)?;
        let sum = counted.sum();
        Ok(MetricReply {
            name: metric.name(),
            score: metric.value(&sum),
            signature: metric.signature(references.count(), &[]),
            details: metric.details(&sum),
        })
    };
    let scores: Result<Vec<MetricReply>, EvaluateError> =
        request.metrics.iter().map(scored).collect();
    let system = SystemReply { system: "hypotheses".to_owned(), scores: scores? };
    Ok(ScoreReply { segments, systems: vec![system] })
}
