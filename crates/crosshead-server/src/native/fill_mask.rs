//! `/api/fill-mask`.

use axum::Json as Reply;
use axum::extract::State;
use crosshead_tasks::{Guess, ModelTask};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Output, Row, Work};
use crate::reply::{ApiError, Json};
use crate::state::Shared;

/// A text with masks, such as `[MASK]`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FillMaskRequest {
    model: Option<String>,
    text: String,
    /// The number of guesses for each mask.
    #[serde(default = "five")]
    top: usize,
}

fn five() -> usize {
    5
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FillMaskReply {
    /// The most probable tokens for each mask, best first.
    masks: Vec<Vec<GuessReply>>,
    /// The text with the best tokens.
    text: String,
}

#[derive(Serialize, ToSchema)]
struct GuessReply {
    token: String,
    /// The probability.
    score: f32,
    /// The token as text.
    text: String,
}

/// The most guesses.
const TOP: usize = 100;

/// Fill in masked words.
#[utoipa::path(post, path = "/api/fill-mask", request_body = FillMaskRequest,
    responses((status = 200, body = FillMaskReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn fill_mask(
    State(app): Shared,
    Json(request): Json<FillMaskRequest>,
) -> Result<Reply<FillMaskReply>, ApiError> {
    app.check_characters([request.text.as_str()])?;
    let model = app.models.for_task(request.model.as_deref(), ModelTask::FillMask)?;
    let work = Work::FillMask { top: request.top.clamp(1, TOP) };
    let found = model.engine()?.outputs(work, vec![Row::text(request.text)]).await?;
    let Some(Output::Filled(filled)) = found.into_iter().next() else {
        return Err(ApiError::internal("the model has another task"));
    };
    let guess = |guess: Guess| GuessReply {
        token: guess.text.clone(),
        score: guess.probability,
        text: guess.text,
    };
    let masks = filled.masks.into_iter();
    let masks = masks.map(|guesses| guesses.into_iter().map(guess).collect()).collect();
    Ok(Reply(FillMaskReply { masks, text: filled.text }))
}
