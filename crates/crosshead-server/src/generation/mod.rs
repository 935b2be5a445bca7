//! What the APIs for text generation share.

mod stop;

use std::convert::Infallible;

use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use crosshead_tasks::{ChatMessage, DecodeOptions, ModelTask, StopReason};
use futures_util::stream;

use crate::engine::{Event, Events, GeneratedRow, Input, Output, Row, Token, Work};
use crate::id;
use crate::models::Model;
use crate::reply::ApiError;
use crate::state::App;
pub(crate) use stop::StopText;

/// The new tokens of a text for which neither the request nor the model sets a limit.
const MAX_TOKENS: usize = 200;

/// The most texts of a request.
const TEXTS: usize = 64;

/// The most alternatives of a token.
pub(crate) const ALTERNATIVES: usize = 20;

/// What is continued or answered.
#[derive(Clone, Debug)]
pub(crate) enum Prompts {
    Texts(Vec<String>),
    Chat(Vec<ChatMessage>),
}

/// A request for text.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) prompts: Prompts,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) temperature: Option<f32>,
    pub(crate) top_p: Option<f32>,
    /// Without a seed, each request is sampled differently.
    pub(crate) seed: Option<u64>,
    pub(crate) stop: Vec<String>,
    /// The number of texts for each prompt.
    pub(crate) samples: usize,
    /// The number of most probable tokens at each position.
    pub(crate) alternatives: usize,
    pub(crate) repetition_penalty: Option<f32>,
}

impl Request {
    /// A request for one text, with the model's options.
    pub(crate) fn new(prompts: Prompts) -> Self {
        Self {
            prompts,
            max_tokens: None,
            temperature: None,
            top_p: None,
            seed: None,
            stop: Vec::new(),
            samples: 1,
            alternatives: 0,
            repetition_penalty: None,
        }
    }

    /// Checks what the model would not.
    fn check(&self, app: &App) -> Result<(), ApiError> {
        let texts: Vec<&str> = match &self.prompts {
            Prompts::Texts(texts) => texts.iter().map(String::as_str).collect(),
            Prompts::Chat(messages) => {
                messages.iter().map(|message| message.content.as_str()).collect()
            }
        };
        let rows = match &self.prompts {
            Prompts::Texts(texts) => texts.len(),
            Prompts::Chat(_) => 1,
        };
        app.check_characters(texts)?;
        let limit = app.options.max_tokens;
        if let Some(asked) = self.max_tokens.filter(|asked| *asked > limit) {
            return Err(ApiError::unprocessable(format!(
                "`max_tokens` is {asked}; this server generates at most {limit}"
            )));
        }
        if self.samples == 0 || rows * self.samples > TEXTS {
            return Err(ApiError::unprocessable(format!(
                "a request may ask for 1 to {TEXTS} texts"
            )));
        }
        if self.alternatives > ALTERNATIVES {
            return Err(ApiError::unprocessable(format!(
                "{} alternatives are too many; at most {ALTERNATIVES} are possible",
                self.alternatives
            )));
        }
        Ok(())
    }

    fn rows(&self) -> Vec<Row> {
        let first = if self.seed.is_some() { 0 } else { id::number() };
        let output = self.max_tokens.unwrap_or(MAX_TOKENS);
        let inputs: Vec<Input> = match &self.prompts {
            Prompts::Texts(texts) => texts
                .iter()
                .map(|text| Input::Text { text: text.clone(), required: Vec::new() })
                .collect(),
            Prompts::Chat(messages) => vec![Input::Chat(messages.clone())],
        };
        let samples = inputs.into_iter().flat_map(|input| std::iter::repeat_n(input, self.samples));
        let row = |(index, input)| Row { input, sequence: first.wrapping_add(index), output };
        samples.enumerate().map(row).collect()
    }

    fn work(&self) -> Work {
        let options = DecodeOptions {
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            seed: self.seed,
            stop_strings: self.stop.clone(),
            alternatives: self.alternatives,
            repetition_penalty: self.repetition_penalty,
            n_best: Some(1),
            ..DecodeOptions::default()
        };
        match &self.prompts {
            Prompts::Texts(_) => Work::Generate(options),
            Prompts::Chat(_) => Work::Chat(options),
        }
    }

    /// The texts of all rows.
    ///
    /// # Errors
    /// If an option is out of range, or the model has no room.
    pub(crate) async fn texts(
        &self,
        app: &App,
        model: &Model,
    ) -> Result<Vec<GeneratedRow>, ApiError> {
        self.check(app)?;
        let outputs = model.engine()?.outputs(self.work(), self.rows()).await?;
        let text = |output| match output {
            Output::Generated(row) => Some(*row),
            _ => None,
        };
        Ok(outputs.into_iter().filter_map(text).collect())
    }

    /// The tokens of all rows as they come.
    ///
    /// # Errors
    /// If an option is out of range, or the model has no room.
    pub(crate) async fn stream(&self, app: &App, model: &Model) -> Result<Streamed, ApiError> {
        self.check(app)?;
        let rows = self.rows();
        let stops = vec![StopText::new(self.stop.clone()); rows.len()];
        let left = rows.len();
        let events = model.engine()?.submit(self.work(), rows, true)?;
        let mut streamed = Streamed { events, stops, left, first: None };
        // A request that fails at once has the status of its error.
        streamed.first = match streamed.receive().await {
            Some(Err(error)) => return Err(error),
            first => first,
        };
        Ok(streamed)
    }
}

/// The model for generation.
///
/// # Errors
/// If there is none with this name.
pub(crate) fn model<'a>(app: &'a App, name: Option<&str>) -> Result<&'a Model, ApiError> {
    app.models.for_task(name, ModelTask::Generation)
}

/// What happens in a stream.
#[derive(Debug)]
pub(crate) enum Streaming {
    /// A token of a row; its text is what may be shown now.
    Token(usize, Token),
    /// The end of a row, with the rest of its text.
    End(usize, String, Box<GeneratedRow>),
}

/// The tokens of a request as they come.
pub(crate) struct Streamed {
    events: Events,
    stops: Vec<StopText>,
    left: usize,
    first: Option<Result<Streaming, ApiError>>,
}

impl Streamed {
    /// The next event; none after all rows have ended.
    pub(crate) async fn next(&mut self) -> Option<Result<Streaming, ApiError>> {
        match self.first.take() {
            Some(first) => Some(first),
            None => self.receive().await,
        }
    }

    async fn receive(&mut self) -> Option<Result<Streaming, ApiError>> {
        if self.left == 0 {
            return None;
        }
        loop {
            return Some(match self.events.recv().await {
                Some(Event::Token(row, token)) => {
                    let text = self.stops[row].push(&token.text);
                    Ok(Streaming::Token(row, Token { text, ..token }))
                }
                Some(Event::Done(row, Output::Generated(generated))) => {
                    self.left -= 1;
                    Ok(Streaming::End(row, self.stops[row].finish(), generated))
                }
                Some(Event::Done(..)) => continue,
                Some(Event::Failed(error)) => {
                    self.left = 0;
                    Err(error)
                }
                None => {
                    self.left = 0;
                    Err(ApiError::unavailable("the model was unloaded"))
                }
            });
        }
    }
}

/// Server-sent events of a stream: the data that `write` makes of each event, and `[DONE]` at the end.
pub(crate) fn sse(
    streamed: Streamed,
    write: impl FnMut(Result<Streaming, ApiError>) -> Vec<serde_json::Value> + Send + 'static,
) -> Response {
    let data = |text: String| Ok::<_, Infallible>(SseEvent::default().data(text));
    let state = (Some(streamed), write, std::collections::VecDeque::new());
    let events = stream::unfold(state, move |(mut streamed, mut write, mut ready)| async move {
        loop {
            if let Some(value) = ready.pop_front() {
                let value: serde_json::Value = value;
                return Some((data(value.to_string()), (streamed, write, ready)));
            }
            let open = streamed.as_mut()?;
            match open.next().await {
                Some(event) => ready.extend(write(event)),
                None => return Some((data("[DONE]".to_owned()), (None, write, ready))),
            }
        }
    });
    Sse::new(events).into_response()
}

/// The name of a stop reason in OpenAI's API.
pub(crate) fn finish_reason(stop: StopReason) -> &'static str {
    match stop {
        StopReason::EndToken(_) | StopReason::StopRule => "stop",
        StopReason::MaxLength
        | StopReason::NoToken
        | StopReason::Loop
        | StopReason::TimeLimit
        | StopReason::Cancelled => "length",
    }
}
