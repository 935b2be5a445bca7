//! `/api/classify`.

use axum::Json as Reply;
use axum::extract::State;
use crosshead_tasks::{Attribution, Label, ModelTask};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Kind, Output, Row, Work, estimate};
use crate::reply::{ApiError, Json};
use crate::state::Shared;
use crate::text::utf16;

/// A text to classify.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassifyRequest {
    model: Option<String>,
    text: String,
    /// Adds how much each word contributes to the first label.
    #[serde(default)]
    attributions: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClassifyReply {
    labels: Vec<LabelReply>,
    attributions: Option<Vec<AttributionReply>>,
    warning: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LabelReply {
    label: String,
    score: f32,
}

#[derive(Serialize, ToSchema)]
struct AttributionReply {
    text: String,
    /// In UTF-16 code units.
    start: usize,
    end: usize,
    /// The score of the first label minus its score without the word.
    score: f32,
}

/// The most words of a text with attributions, for each of which the text is classified once.
const WORDS: usize = 256;

/// Classify a text.
#[utoipa::path(post, path = "/api/classify", request_body = ClassifyRequest,
    responses((status = 200, body = ClassifyReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn classify(
    State(app): Shared,
    Json(request): Json<ClassifyRequest>,
) -> Result<Reply<ClassifyReply>, ApiError> {
    let text = request.text;
    app.check_characters([text.as_str()])?;
    let model = app.models.for_task(request.model.as_deref(), ModelTask::Classification)?;
    let engine = model.engine()?;
    let found = engine.outputs(Work::Classify, vec![Row::text(text.clone())]).await?;
    let Some(Output::Classified(found)) = found.into_iter().next() else {
        return Err(ApiError::internal("the model has another task"));
    };
    let labels = found.classified.labels;
    let attributions = match labels.first().filter(|_| request.attributions) {
        Some(best) => {
            let words = text.split_whitespace().count();
            if words > WORDS {
                return Err(ApiError::unprocessable(format!(
                    "`attributions` are for texts of at most {WORDS} words; this one has {words}"
                )));
            }
            let (own, best) = (text.clone(), best.clone());
            let call = move |loaded: &mut crate::engine::Loaded| match &loaded.kind {
                Kind::Classifier(classifier) => Ok(classifier.attributions(&own, &best)?),
                _ => Err(ApiError::internal("the model has another task")),
            };
            let found = engine.call(words * estimate(text.len()), call).await?;
            Some(found.iter().map(|attribution| of_word(&text, attribution)).collect())
        }
        None => None,
    };
    let about = model.facts.about.as_deref();
    let known = about.map(|about| format!(" ({about})")).unwrap_or_default();
    let warning = found.is_far.then(|| format!("the text is far from what the model knows{known}"));
    let label = |label: Label| LabelReply { label: label.name, score: label.score };
    let labels = labels.into_iter().map(label).collect();
    Ok(Reply(ClassifyReply { labels, attributions, warning }))
}

fn of_word(text: &str, attribution: &Attribution) -> AttributionReply {
    let [start, end] = utf16(text, &attribution.range);
    let word = text.get(attribution.range.clone()).unwrap_or_default().to_owned();
    AttributionReply { text: word, start, end, score: attribution.score }
}
