//! `/v1/completions`.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::options::{Options, now, usage};
use crate::engine::{GeneratedRow, Token};
use crate::generation::{self, Prompts, StopText, Streaming, finish_reason, sse};
use crate::id;
use crate::native::Texts;
use crate::reply::{ApiError, Json};
use crate::state::Shared;

/// The default number of new tokens of this API.
const MAX_TOKENS: usize = 16;

#[derive(Deserialize)]
pub(super) struct CompletionRequest {
    prompt: Option<Texts>,
    max_tokens: Option<usize>,
    /// The number of most probable tokens at each position.
    logprobs: Option<usize>,
    #[serde(default)]
    echo: bool,
    #[serde(flatten)]
    options: Options,
}

pub(super) async fn completions(
    State(app): Shared,
    Json(request): Json<CompletionRequest>,
) -> Result<Response, ApiError> {
    let CompletionRequest { prompt, max_tokens, logprobs, echo, options } = request;
    let prompts = prompt.map_or_else(|| vec![String::new()], Texts::into_vec);
    let asked = options.request(
        Prompts::Texts(prompts.clone()),
        Some(max_tokens.unwrap_or(MAX_TOKENS)),
        logprobs.unwrap_or(0),
    )?;
    let model = generation::model(&app, options.model.as_deref())?;
    let head = Head {
        id: format!("cmpl-{}", id::random()),
        created: now(),
        model: model.name().to_owned(),
    };
    let samples = asked.samples;
    if options.stream {
        if echo {
            return Err(ApiError::bad(
                "`echo` is not supported with `stream`; leave one of them out",
            ));
        }
        let streamed = asked.stream(&app, model).await?;
        let (include_usage, mut ended) = (options.include_usage(), Vec::new());
        let rows = prompts.len() * samples;
        return Ok(sse(streamed, move |event| match event {
            Ok(Streaming::Token(index, token)) => {
                let logprobs = logprobs.map(|_| self::logprobs(std::slice::from_ref(&token)));
                vec![head.reply(vec![choice(index, &token.text, logprobs, None)], None)]
            }
            Ok(Streaming::End(index, text, row)) => {
                let reason = finish_reason(row.generated.stop);
                ended.push((index, *row));
                let mut replies =
                    vec![head.reply(vec![choice(index, &text, None, Some(reason))], None)];
                if include_usage && ended.len() == rows {
                    ended.sort_by_key(|(index, _)| *index);
                    let used = usage(ended.iter().map(|(_, row)| row), samples);
                    replies.push(head.reply(Vec::new(), Some(used)));
                }
                replies
            }
            Err(error) => vec![json!({ "error": { "message": error.message } })],
        }));
    }
    let rows = asked.texts(&app, model).await?;
    let used = usage(&rows, samples);
    let choices = rows.iter().enumerate().map(|(index, GeneratedRow { generated, tokens })| {
        let before = if echo { prompts[index / samples].as_str() } else { "" };
        let text = format!("{before}{}", StopText::of(&asked.stop, &generated.text));
        let logprobs = logprobs.map(|_| self::logprobs(tokens));
        choice(index, &text, logprobs, Some(finish_reason(generated.stop)))
    });
    Ok(Reply(head.reply(choices.collect(), Some(used))).into_response())
}

/// What all parts of an answer have.
struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Head {
    fn reply(&self, choices: Vec<Value>, usage: Option<Value>) -> Value {
        let mut reply = json!({
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            reply["usage"] = usage;
        }
        reply
    }
}

fn choice(index: usize, text: &str, logprobs: Option<Value>, reason: Option<&str>) -> Value {
    json!({ "index": index, "text": text, "logprobs": logprobs, "finish_reason": reason })
}

fn logprobs(tokens: &[Token]) -> Value {
    let mut offset = 0;
    let mut offsets = Vec::with_capacity(tokens.len());
    for token in tokens {
        offsets.push(offset);
        offset += token.text.chars().count();
    }
    let top = |token: &Token| -> Map<String, Value> {
        token.alternatives.iter().map(|(text, log_prob)| (text.clone(), json!(log_prob))).collect()
    };
    json!({
        "tokens": tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>(),
        "token_logprobs": tokens.iter().map(|token| token.log_prob).collect::<Vec<_>>(),
        "top_logprobs": tokens.iter().map(top).collect::<Vec<_>>(),
        "text_offset": offsets,
    })
}
