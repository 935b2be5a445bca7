//! `/api/generate`.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use crosshead_tasks::ChatMessage;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::engine::{GeneratedRow, Token};
use crate::generation::{self, Prompts, Request, StopText, Streaming, finish_reason, sse};
use crate::reply::{ApiError, Json};
use crate::state::Shared;

/// The most probable tokens that are listed for each position.
const ALTERNATIVES: usize = 5;

/// A prompt to continue, or a conversation to answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerateRequest {
    model: Option<String>,
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
    max_tokens: Option<usize>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    seed: Option<u64>,
    /// Texts at which the output ends; they are not a part of it.
    #[serde(default)]
    stop: Vec<String>,
    /// Sends each token as a server-sent event.
    #[serde(default)]
    stream: bool,
}

/// A message of a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    role: String,
    content: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GenerateReply {
    text: String,
    tokens: Vec<TokenReply>,
    /// `stop` at an end token or stop string, `length` at the limit.
    stop_reason: &'static str,
}

#[derive(Serialize, ToSchema)]
struct TokenReply {
    text: String,
    logprob: f32,
    alternatives: Vec<AlternativeReply>,
}

#[derive(Serialize, ToSchema)]
struct AlternativeReply {
    text: String,
    logprob: f32,
}

impl From<Token> for TokenReply {
    fn from(Token { text, log_prob, alternatives }: Token) -> Self {
        let alternative = |(text, logprob)| AlternativeReply { text, logprob };
        let alternatives = alternatives.into_iter().map(alternative).collect();
        Self { text, logprob: log_prob, alternatives }
    }
}

/// Continue a prompt, or answer a conversation.
#[utoipa::path(post, path = "/api/generate", request_body = GenerateRequest,
    responses((status = 200, body = GenerateReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn generate(
    State(app): Shared,
    Json(request): Json<GenerateRequest>,
) -> Result<Response, ApiError> {
    let prompts = match (request.prompt, request.messages) {
        (Some(prompt), None) => Prompts::Texts(vec![prompt]),
        (None, Some(messages)) => {
            let message = |message: Message| ChatMessage::new(message.role, message.content);
            Prompts::Chat(messages.into_iter().map(message).collect())
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::unprocessable("send either `prompt` or `messages`"));
        }
    };
    let asked = Request {
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        seed: request.seed,
        stop: request.stop,
        alternatives: ALTERNATIVES,
        ..Request::new(prompts)
    };
    let model = generation::model(&app, request.model.as_deref())?;
    if request.stream {
        let streamed = asked.stream(&app, model).await?;
        return Ok(sse(streamed, |event| match event {
            Ok(Streaming::Token(_, token)) => vec![json!(TokenReply::from(token))],
            Ok(Streaming::End(_, text, row)) => {
                let stop_reason = finish_reason(row.generated.stop);
                vec![json!({ "text": text, "alternatives": [], "stop_reason": stop_reason })]
            }
            Err(error) => vec![json!({ "error": error.message })],
        }));
    }
    let found = asked.texts(&app, model).await?.into_iter().next();
    let Some(GeneratedRow { generated, tokens }) = found else {
        return Err(ApiError::internal("the model has another task"));
    };
    let reply = GenerateReply {
        text: StopText::of(&asked.stop, &generated.text),
        tokens: tokens.into_iter().map(TokenReply::from).collect(),
        stop_reason: finish_reason(generated.stop),
    };
    Ok(Reply(reply).into_response())
}
