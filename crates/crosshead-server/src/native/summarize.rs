//! `/api/summarize`.

use axum::Json as Reply;
use axum::extract::State;
use crosshead_tasks::{DecodeOptions, ModelTask, copied};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Output, Row, Work, WriteOptions};
use crate::reply::{ApiError, Json};
use crate::state::Shared;
use crate::text::utf16;
use crate::translate::LOOP_COPIES;

/// A text to summarize.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SummarizeRequest {
    model: Option<String>,
    text: String,
    /// The most tokens of the summary.
    max_tokens: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SummarizeReply {
    summary: String,
    /// The parts of the text that the summary copies: start and end in UTF-16 code units.
    copied: Vec<[usize; 2]>,
    /// Whether the text is longer than the model allows, so that its end was not read.
    truncated: bool,
}

/// The tokens of a summary, as an estimate.
const SUMMARY: usize = 128;

/// Summarize a text.
#[utoipa::path(post, path = "/api/summarize", request_body = SummarizeRequest,
    responses((status = 200, body = SummarizeReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn summarize(
    State(app): Shared,
    Json(request): Json<SummarizeRequest>,
) -> Result<Reply<SummarizeReply>, ApiError> {
    app.check_characters([request.text.as_str()])?;
    let model = app.models.for_task(request.model.as_deref(), ModelTask::Summarization)?;
    let decode = DecodeOptions {
        max_tokens: request.max_tokens,
        loop_guard: Some(LOOP_COPIES),
        ..DecodeOptions::default()
    };
    let work = Work::Write(WriteOptions { decode, ..WriteOptions::default() });
    let output = request.max_tokens.unwrap_or(SUMMARY);
    let row = Row { output, ..Row::text(request.text.clone()) };
    let found = model.engine()?.outputs(work, vec![row]).await?;
    let Some(Output::Written(found)) = found.into_iter().next() else {
        return Err(ApiError::internal("the model has another task"));
    };
    let ranges = copied(&request.text, &found.written.text);
    let copied = ranges.iter().map(|range| utf16(&request.text, range)).collect();
    let truncated = found.written.truncated;
    Ok(Reply(SummarizeReply { summary: found.written.text, copied, truncated }))
}
