//! The API of Hugging Face's text-embeddings-inference: `/embed`, `/rerank`, `/predict`, `/info`.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as Reply, Router};
use crosshead_tasks::{ModelTask, Purpose, TextPair};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::{Input, Output, Row, Work};
use crate::models::Model;
use crate::native::{Texts, similar_texts, vectors};
use crate::reply::{ApiError, Json};
use crate::state::{App, Shared};

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/embed", post(embed))
        .route("/rerank", post(rerank))
        .route("/predict", post(predict))
        .route("/info", get(info))
}

/// The first loaded model with a task, because this API has no names of models.
fn first(app: &App, task: ModelTask) -> Result<&Model, ApiError> {
    app.models.with_task(task).next().ok_or_else(|| crate::models::no_model(task))
}

#[derive(Deserialize)]
struct EmbedRequest {
    inputs: Texts,
    normalize: Option<bool>,
}

async fn embed(
    State(app): Shared,
    Json(request): Json<EmbedRequest>,
) -> Result<Reply<Vec<Vec<f32>>>, ApiError> {
    let texts = request.inputs.into_vec();
    app.check_characters(texts.iter().map(String::as_str))?;
    let engine = first(&app, ModelTask::Embedding)?.engine()?;
    let rows = texts.into_iter().map(Row::text).collect();
    let mut vectors = vectors(engine.outputs(Work::Embed(Purpose::Any), rows).await?);
    if request.normalize.unwrap_or(true) {
        vectors.iter_mut().for_each(|vector| normalize(vector));
    }
    Ok(Reply(vectors))
}

/// Scales a vector to length 1.
fn normalize(vector: &mut [f32]) {
    let norm = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if norm > 0.0 {
        vector.iter_mut().for_each(|value| *value = (f64::from(*value) / norm) as f32);
    }
}

#[derive(Deserialize)]
struct RerankRequest {
    query: String,
    texts: Vec<String>,
    #[serde(default)]
    return_text: bool,
}

/// By an embedding model: the similarity of the query and each text.
async fn rerank(
    State(app): Shared,
    Json(request): Json<RerankRequest>,
) -> Result<Reply<Vec<Value>>, ApiError> {
    let RerankRequest { query, texts, return_text } = request;
    let model = first(&app, ModelTask::Embedding)?;
    let found = similar_texts(&app, Some(model.name()), query, texts.clone()).await?;
    let result = |found: crate::native::SimilarText| {
        let mut result = json!({ "index": found.index, "score": found.score });
        if return_text {
            result["text"] = json!(texts[found.index]);
        }
        result
    };
    Ok(Reply(found.into_iter().map(result).collect()))
}

/// A text, a pair, or a list of either.
#[derive(Deserialize)]
#[serde(untagged)]
enum Predicted {
    One(String),
    Many(Vec<Item>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Text(String),
    Pair([String; 2]),
    /// A text in a separate list.
    Single([String; 1]),
}

#[derive(Deserialize)]
struct PredictRequest {
    inputs: Predicted,
}

async fn predict(
    State(app): Shared,
    Json(request): Json<PredictRequest>,
) -> Result<Reply<Value>, ApiError> {
    let engine = first(&app, ModelTask::Classification)?.engine()?;
    let (items, is_list) = match request.inputs {
        Predicted::One(text) => (vec![Item::Text(text)], false),
        // A list of two texts is a pair.
        Predicted::Many(items) => match <[Item; 2]>::try_from(items) {
            Ok([Item::Text(first), Item::Text(second)]) => {
                (vec![Item::Pair([first, second])], false)
            }
            Ok(pair) => (pair.into(), true),
            Err(items) => (items, true),
        },
    };
    let is_pair = |item: &Item| matches!(item, Item::Pair(_));
    let pairs = items.iter().filter(|item| is_pair(item)).count();
    if pairs > 0 && pairs < items.len() {
        return Err(ApiError::unprocessable("`inputs` has both texts and pairs; send them apart"));
    }
    let row = |item: Item| match item {
        Item::Text(text) | Item::Single([text]) => Row::text(text),
        Item::Pair([first, second]) => {
            Row { input: Input::Pair(TextPair { first, second }), ..Row::text("") }
        }
    };
    let rows: Vec<Row> = items.into_iter().map(row).collect();
    let work = if pairs > 0 { Work::ClassifyPairs } else { Work::Classify };
    let labels = |output| match output {
        Output::Classified(row) => {
            let label = |label: crosshead_tasks::Label| json!({ "score": label.score, "label": label.name });
            row.classified.labels.into_iter().map(label).collect()
        }
        _ => Value::Null,
    };
    let mut found: Vec<Value> = engine.outputs(work, rows).await?.into_iter().map(labels).collect();
    Ok(Reply(if is_list { found.into() } else { found.pop().unwrap_or_default() }))
}

async fn info(State(app): Shared) -> Result<Reply<Value>, ApiError> {
    let embedder = first(&app, ModelTask::Embedding);
    let model = embedder.or_else(|_| first(&app, ModelTask::Classification))?;
    let kind = match model.facts.task {
        ModelTask::Embedding => json!({ "embedding": { "pooling": "model" } }),
        _ => json!({ "classifier": {} }),
    };
    Ok(Reply(json!({
        "model_id": model.name(),
        "model_dtype": "float32",
        "model_type": kind,
        "max_batch_tokens": app.options.batch_tokens,
        "max_client_batch_size": usize::MAX >> 11,
        "version": env!("CARGO_PKG_VERSION"),
    })))
}
