//! A request in the queue of a model.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::loaded::Loaded;
use super::work::{Output, Row, Token, Work};
use crate::reply::ApiError;

/// What a request hears from its model.
#[derive(Debug)]
pub(crate) enum Event {
    /// A token of a row.
    Token(usize, Token),
    /// The output of a row.
    Done(usize, Output),
    /// The request failed.
    Failed(ApiError),
}

/// Where the events of a request go. They end when the client has left.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    sender: mpsc::UnboundedSender<Event>,
    failed: Arc<AtomicBool>,
    /// Whether tokens are wanted as they come.
    pub(crate) streams: bool,
}

impl Listener {
    pub(crate) fn new(sender: mpsc::UnboundedSender<Event>, streams: bool) -> Self {
        Self { sender, failed: Arc::default(), streams }
    }

    /// Sends an event; nobody may be left to hear it.
    pub(crate) fn send(&self, event: Event) {
        if let Event::Failed(_) = event {
            self.failed.store(true, Ordering::Relaxed);
        }
        let _ = self.sender.send(event);
    }

    /// Whether both belong to the same request.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.failed, &other.failed)
    }

    /// Whether the client has left, or the request has failed.
    pub(crate) fn has_left(&self) -> bool {
        self.sender.is_closed() || self.failed.load(Ordering::Relaxed)
    }
}

/// A function that has the model for itself.
pub(crate) type Call = Box<dyn FnOnce(&mut Loaded) + Send>;

/// What a job computes.
pub(crate) enum Task {
    /// Rows, which may be computed together with those of other requests.
    Rows { work: Arc<Work>, rows: VecDeque<WaitingRow>, listener: Listener },
    /// A single computation. It is skipped once the client has left.
    Call { call: Call, client: oneshot::Sender<()> },
}

/// A row that waits.
pub(crate) struct WaitingRow {
    /// Its index in the request.
    pub(crate) index: usize,
    pub(crate) row: Row,
    /// Its tokens, including those of the output.
    pub(crate) tokens: usize,
}

/// A request in the queue.
pub(crate) struct Job {
    pub(crate) task: Task,
    /// The tokens of what still waits.
    pub(crate) tokens: usize,
    /// The virtual time at which it is served next.
    pub(crate) due: u64,
    /// Its number, in the order of arrival.
    pub(crate) number: u64,
}

impl Job {
    /// Whether nobody waits for it.
    pub(crate) fn is_abandoned(&self) -> bool {
        match &self.task {
            Task::Rows { listener, .. } => listener.has_left(),
            Task::Call { client, .. } => client.is_closed(),
        }
    }
}
