//! `/v1/embeddings`.

use axum::Json as Reply;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosshead_tasks::{ModelTask, Purpose};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::{Row, Work};
use crate::native::{Texts, vectors};
use crate::reply::{ApiError, Json};
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct EmbeddingsRequest {
    model: Option<String>,
    input: Texts,
    #[serde(default)]
    encoding_format: Encoding,
    dimensions: Option<usize>,
}

/// How a vector is written.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    /// A list of numbers.
    #[default]
    Float,
    /// The bytes of little-endian 32-bit numbers.
    Base64,
}

pub(super) async fn embeddings(
    State(app): Shared,
    Json(request): Json<EmbeddingsRequest>,
) -> Result<Reply<Value>, ApiError> {
    let texts = request.input.into_vec();
    app.check_characters(texts.iter().map(String::as_str))?;
    let model = app.models.for_task(request.model.as_deref(), ModelTask::Embedding)?;
    let rows: Vec<Row> = texts.into_iter().map(Row::text).collect();
    // The tokens are an estimate, as those of the queue.
    let tokens: usize = rows.iter().map(Row::tokens).sum();
    let vectors = vectors(model.engine()?.outputs(Work::Embed(Purpose::Any), rows).await?);
    let own = vectors.first().map_or(0, Vec::len);
    if let Some(asked) = request.dimensions.filter(|asked| *asked != own) {
        return Err(ApiError::bad(format!(
            "`dimensions` is {asked}, but the vectors of this model have {own}; leave it out"
        )));
    }
    let data = vectors.iter().enumerate().map(|(index, vector)| {
        let embedding = match request.encoding_format {
            Encoding::Float => json!(vector),
            Encoding::Base64 => {
                let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
                json!(STANDARD.encode(bytes))
            }
        };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    Ok(Reply(json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "model": model.name(),
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    })))
}
