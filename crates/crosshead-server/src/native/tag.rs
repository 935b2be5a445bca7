//! `/api/token-classify`.

use axum::Json as Reply;
use axum::extract::State;
use crosshead_tasks::{Entity, ModelTask};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Output, Row, Work};
use crate::reply::{ApiError, Json};
use crate::state::Shared;
use crate::text::utf16;

/// A text whose entities are wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagRequest {
    model: Option<String>,
    text: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TagReply {
    entities: Vec<EntityReply>,
}

#[derive(Serialize, ToSchema)]
struct EntityReply {
    label: String,
    score: f32,
    text: String,
    /// In UTF-16 code units.
    start: usize,
    end: usize,
}

/// Find entities, such as names.
#[utoipa::path(post, path = "/api/token-classify", request_body = TagRequest,
    responses((status = 200, body = TagReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn tag(
    State(app): Shared,
    Json(request): Json<TagRequest>,
) -> Result<Reply<TagReply>, ApiError> {
    let text = request.text;
    app.check_characters([text.as_str()])?;
    let model = app.models.for_task(request.model.as_deref(), ModelTask::TokenClassification)?;
    let found = model.engine()?.outputs(Work::Tag, vec![Row::text(text.clone())]).await?;
    let Some(Output::Tagged(tagged)) = found.into_iter().next() else {
        return Err(ApiError::internal("the model has another task"));
    };
    let entity = |Entity { label, score, range }: Entity| {
        let [start, end] = utf16(&text, &range);
        let text = text.get(range).unwrap_or_default().to_owned();
        EntityReply { label, score, text, start, end }
    };
    Ok(Reply(TagReply { entities: tagged.entities.into_iter().map(entity).collect() }))
}
