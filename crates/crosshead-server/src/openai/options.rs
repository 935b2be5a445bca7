//! What completions and chat share.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::GeneratedRow;
use crate::generation::{Prompts, Request};
use crate::reply::ApiError;

/// A stop string or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Stop {
    One(String),
    Many(Vec<String>),
}

/// The options of both routes. Those that would change the result but are not supported are refused.
#[derive(Deserialize)]
pub(super) struct Options {
    pub(super) model: Option<String>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    n: Option<usize>,
    seed: Option<i64>,
    stop: Option<Stop>,
    #[serde(default)]
    pub(super) stream: bool,
    stream_options: Option<StreamOptions>,
    frequency_penalty: Option<f32>,
    presence_penalty: Option<f32>,
    logit_bias: Option<Value>,
    tools: Option<Value>,
    functions: Option<Value>,
    response_format: Option<Value>,
    suffix: Option<String>,
    best_of: Option<usize>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

impl Options {
    /// Whether a stream ends with the usage.
    pub(super) fn include_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    /// Refuses options that are not supported.
    fn check(&self) -> Result<(), ApiError> {
        let is_set = |value: &Option<Value>| {
            value.as_ref().is_some_and(|value| match value {
                Value::Array(values) => !values.is_empty(),
                Value::Object(values) => !values.is_empty(),
                value => !value.is_null(),
            })
        };
        let is_text = |format: &Value| format.get("type").is_some_and(|kind| kind == "text");
        let unsupported = [
            ("frequency_penalty", self.frequency_penalty.is_some_and(|penalty| penalty != 0.0)),
            ("presence_penalty", self.presence_penalty.is_some_and(|penalty| penalty != 0.0)),
            ("logit_bias", is_set(&self.logit_bias)),
            ("tools", is_set(&self.tools)),
            ("functions", is_set(&self.functions)),
            ("response_format", self.response_format.as_ref().is_some_and(|f| !is_text(f))),
            ("suffix", self.suffix.as_ref().is_some_and(|suffix| !suffix.is_empty())),
            ("best_of", self.best_of.is_some_and(|best_of| Some(best_of) != self.n && best_of > 1)),
        ];
        match unsupported.into_iter().find(|(_, is_set)| *is_set) {
            Some((name, _)) => {
                Err(ApiError::bad(format!("`{name}` is not supported; leave it out")))
            }
            None => Ok(()),
        }
    }

    /// The request for text.
    pub(super) fn request(
        &self,
        prompts: Prompts,
        max_tokens: Option<usize>,
        alternatives: usize,
    ) -> Result<Request, ApiError> {
        self.check()?;
        Ok(Request {
            max_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            seed: self.seed.map(|seed| seed as u64),
            stop: match &self.stop {
                None => Vec::new(),
                Some(Stop::One(stop)) => vec![stop.clone()],
                Some(Stop::Many(stops)) => stops.clone(),
            },
            samples: self.n.unwrap_or(1),
            alternatives,
            ..Request::new(prompts)
        })
    }
}

/// The tokens of prompts and of what was generated. Each prompt is counted once, with its `samples` texts.
pub(super) fn usage<'a>(rows: impl IntoIterator<Item = &'a GeneratedRow>, samples: usize) -> Value {
    let (mut prompt, mut completion) = (0, 0);
    for (index, row) in rows.into_iter().enumerate() {
        if index % samples.max(1) == 0 {
            prompt += row.generated.prompt_tokens;
        }
        completion += row.tokens.len();
    }
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    })
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
