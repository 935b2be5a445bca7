//! The threads that compute: one for each model, with a bounded queue.

mod compute;
mod job;
mod loaded;
mod queue;
mod refused;
mod work;
mod worker;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use burn::tensor::Device;
use crosshead_tasks::{ComputeType, TaskError, TextToText};
use tokio::sync::{mpsc, oneshot};

use crate::metrics::Metrics;
use crate::reply::ApiError;
pub(crate) use job::{Event, Listener};
pub(crate) use loaded::{Kind, Loaded};
pub(crate) use queue::Limits;
pub(crate) use refused::Refused;
pub(crate) use work::{
    GeneratedRow, Input, Output, Row, Token, Work, WriteOptions, WrittenRow, estimate,
};
pub(crate) use worker::Pool;

use job::{Task, WaitingRow};
use queue::Queue;

/// What all models share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) device: Device,
    pub(crate) compute_type: ComputeType,
    pub(crate) limits: Limits,
    pub(crate) pool: Pool,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log_texts: bool,
}

/// A running model.
pub(crate) struct Engine {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// A copy of an encoder-decoder, which shares its weights, for what needs only its tokenizer.
    writer: Option<TextToText>,
    name: String,
    log_texts: bool,
}

/// The events of a request, for its client. Dropping it cancels the request.
pub(crate) type Events = mpsc::UnboundedReceiver<Event>;

impl Engine {
    /// Loads a model on a new thread.
    ///
    /// # Errors
    /// If the model cannot be read, or the thread cannot be started.
    pub(crate) fn start(name: &str, dir: PathBuf, shared: &Shared) -> Result<Self, ApiError> {
        let queue = Arc::new(Queue::new(shared.limits));
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let log_texts = shared.log_texts;
        let (own, shared, label) = (queue.clone(), shared.clone(), name.to_owned());
        let run = move || {
            let loaded = match Loaded::open(&dir, shared.compute_type, &shared.device) {
                Ok(loaded) => loaded,
                Err(error) => return drop(sender.send(Err(error))),
            };
            let writer = match &loaded.kind {
                Kind::Writer(writer) => Some(TextToText::clone(writer)),
                _ => None,
            };
            drop(sender.send(Ok(writer)));
            worker::work(loaded, &own, &shared.pool, &shared.metrics, &label);
        };
        let thread = thread::Builder::new().name(format!("model {name}")).spawn(run);
        let thread = thread.map_err(|error| ApiError::internal(format!("no thread: {error}")))?;
        let opened: Result<Option<TextToText>, TaskError> = receiver
            .recv()
            .map_err(|_| ApiError::internal(format!("the model {name} cannot be loaded")))?;
        let writer = opened.map_err(|error| {
            ApiError::internal(format!("the model {name} cannot be loaded: {error}"))
        })?;
        Ok(Self {
            queue,
            thread: Mutex::new(Some(thread)),
            writer,
            name: name.to_owned(),
            log_texts,
        })
    }

    /// The tokenizer side of an encoder-decoder.
    pub(crate) fn writer(&self) -> Option<&TextToText> {
        self.writer.as_ref()
    }

    /// Submits the rows of a request.
    ///
    /// # Errors
    /// If the queue has no room.
    pub(crate) fn submit(
        &self,
        work: Work,
        rows: Vec<Row>,
        streams: bool,
    ) -> Result<Events, ApiError> {
        if self.log_texts {
            for row in &rows {
                tracing::info!(model = self.name, input = ?row.input, "text");
            }
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = |(index, row): (usize, Row)| {
            let tokens = row.tokens();
            WaitingRow { index, row, tokens }
        };
        let mut rows: Vec<WaitingRow> = rows.into_iter().enumerate().map(waiting).collect();
        if rows.is_empty() {
            return Ok(receiver);
        }
        rows.sort_by_key(|row| row.tokens);
        let tokens = rows.iter().map(|row| row.tokens).sum();
        let listener = Listener::new(sender, streams);
        let task = Task::Rows { work: Arc::new(work), rows: rows.into(), listener };
        self.queue.submit(task, tokens).map_err(ApiError::from)?;
        Ok(receiver)
    }

    /// Computes the outputs of rows, in their order.
    ///
    /// # Errors
    /// If the queue has no room, or the task fails.
    pub(crate) async fn outputs(
        &self,
        work: Work,
        rows: Vec<Row>,
    ) -> Result<Vec<Output>, ApiError> {
        let count = rows.len();
        let mut events = self.submit(work, rows, false)?;
        let mut outputs: Vec<Option<Output>> = vec![None; count];
        let mut left = count;
        while left > 0 {
            match events.recv().await {
                Some(Event::Done(index, output)) => {
                    outputs[index] = Some(output);
                    left -= 1;
                }
                Some(Event::Token(..)) => {}
                Some(Event::Failed(error)) => return Err(error),
                None => return Err(ApiError::unavailable("the model was unloaded")),
            }
        }
        Ok(outputs.into_iter().flatten().collect())
    }

    /// Runs a function with the model for itself; `tokens` is an estimate of what it computes.
    ///
    /// # Errors
    /// If the queue has no room, or the function fails or panics.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        tokens: usize,
        f: impl FnOnce(&mut Loaded) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (sender, receiver) = oneshot::channel();
        // Dropped with this future, when the client leaves.
        let (client, _here) = oneshot::channel();
        let call = Box::new(move |loaded: &mut Loaded| drop(sender.send(f(loaded))));
        self.queue.submit(Task::Call { call, client }, tokens).map_err(ApiError::from)?;
        let failed = |_| ApiError::internal("the model failed on this request");
        receiver.await.map_err(failed)?
    }

    /// The number of waiting requests, and the tokens of waiting and running rows.
    pub(crate) fn load(&self) -> (usize, usize) {
        self.queue.load()
    }

    /// Accepts no more requests, and waits for the thread, which ends after those that wait. Blocks.
    pub(crate) fn stop(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic has been reported by its thread.
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue.close();
    }
}
