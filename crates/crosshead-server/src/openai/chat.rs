//! `/v1/chat/completions`.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use crosshead_tasks::ChatMessage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::options::{Options, now, usage};
use crate::engine::{GeneratedRow, Token};
use crate::generation::{self, Prompts, StopText, Streaming, finish_reason, sse};
use crate::id;
use crate::reply::{ApiError, Json};
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct ChatRequest {
    messages: Vec<Message>,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    #[serde(default)]
    logprobs: bool,
    top_logprobs: Option<usize>,
    #[serde(flatten)]
    options: Options,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

/// A text, or parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    r#type: String,
    text: Option<String>,
}

impl Message {
    fn into_chat(self) -> Result<ChatMessage, ApiError> {
        let content = match self.content {
            None => String::new(),
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => {
                let text = |part: Part| match (part.r#type.as_str(), part.text) {
                    ("text", Some(text)) => Ok(text),
                    (kind, _) => Err(ApiError::bad(format!(
                        "content of type `{kind}` is not supported; send text"
                    ))),
                };
                parts.into_iter().map(text).collect::<Result<String, ApiError>>()?
            }
        };
        // Templates know the older name of this role.
        let role = if self.role == "developer" { "system".to_owned() } else { self.role };
        Ok(ChatMessage::new(role, content))
    }
}

pub(super) async fn chat(
    State(app): Shared,
    Json(request): Json<ChatRequest>,
) -> Result<Response, ApiError> {
    let ChatRequest {
        messages,
        max_tokens,
        max_completion_tokens,
        logprobs,
        top_logprobs,
        options,
    } = request;
    if messages.is_empty() {
        return Err(ApiError::bad("`messages` is empty"));
    }
    let messages: Result<Vec<ChatMessage>, ApiError> =
        messages.into_iter().map(Message::into_chat).collect();
    let alternatives = if logprobs { top_logprobs.unwrap_or(0) } else { 0 };
    let max_tokens = max_completion_tokens.or(max_tokens);
    let asked = options.request(Prompts::Chat(messages?), max_tokens, alternatives)?;
    let model = generation::model(&app, options.model.as_deref())?;
    let head = Head {
        id: format!("chatcmpl-{}", id::random()),
        created: now(),
        model: model.name().to_owned(),
    };
    let samples = asked.samples;
    if options.stream {
        let streamed = asked.stream(&app, model).await?;
        let include_usage = options.include_usage();
        let (mut begun, mut ended) = (vec![false; samples], Vec::new());
        return Ok(sse(streamed, move |event| {
            let mut delta =
                |index: usize, text: &str| match std::mem::replace(&mut begun[index], true) {
                    true => json!({ "content": text }),
                    false => json!({ "role": "assistant", "content": text }),
                };
            match event {
                Ok(Streaming::Token(index, token)) => {
                    let logprobs = logprobs.then(|| content(std::slice::from_ref(&token)));
                    let delta = delta(index, &token.text);
                    vec![head.chunk(vec![chunk(index, delta, logprobs, None)], None)]
                }
                Ok(Streaming::End(index, text, row)) => {
                    let reason = finish_reason(row.generated.stop);
                    ended.push(*row);
                    let delta = if text.is_empty() { json!({}) } else { delta(index, &text) };
                    let end = chunk(index, delta, None, Some(reason));
                    let mut replies = vec![head.chunk(vec![end], None)];
                    if include_usage && ended.len() == samples {
                        replies.push(head.chunk(Vec::new(), Some(usage(&ended, samples))));
                    }
                    replies
                }
                Err(error) => vec![json!({ "error": { "message": error.message } })],
            }
        }));
    }
    let rows = asked.texts(&app, model).await?;
    let used = usage(&rows, samples);
    let choices = rows.iter().enumerate().map(|(index, GeneratedRow { generated, tokens })| {
        json!({
            "index": index,
            "message": {
                "role": "assistant",
                "content": StopText::of(&asked.stop, &generated.text),
                "refusal": null,
            },
            "logprobs": logprobs.then(|| content(tokens)),
            "finish_reason": finish_reason(generated.stop),
        })
    });
    let mut reply = head.reply("chat.completion", choices.collect());
    reply["usage"] = used;
    Ok(Reply(reply).into_response())
}

/// What all parts of an answer have.
struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Head {
    fn reply(&self, object: &str, choices: Vec<Value>) -> Value {
        json!({
            "id": self.id,
            "object": object,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        })
    }

    fn chunk(&self, choices: Vec<Value>, usage: Option<Value>) -> Value {
        let mut reply = self.reply("chat.completion.chunk", choices);
        if let Some(usage) = usage {
            reply["usage"] = usage;
        }
        reply
    }
}

fn chunk(index: usize, delta: Value, logprobs: Option<Value>, reason: Option<&str>) -> Value {
    json!({ "index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason })
}

/// The log-probabilities of tokens.
fn content(tokens: &[Token]) -> Value {
    let one = |text: &str, log_prob: f32| json!({ "token": text, "logprob": log_prob, "bytes": text.as_bytes() });
    let token = |token: &Token| {
        let mut listed = one(&token.text, token.log_prob);
        let top = token.alternatives.iter().map(|(text, log_prob)| one(text, *log_prob));
        listed["top_logprobs"] = top.collect();
        listed
    };
    json!({ "content": tokens.iter().map(token).collect::<Vec<_>>(), "refusal": null })
}
