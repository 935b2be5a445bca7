//! The queue of a model: bounded by tokens, fair, and in batches of similar length.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::job::{Call, Job, Listener, Task, WaitingRow};
use super::refused::Refused;
use super::work::Work;

/// Limits of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most tokens that wait or are computed.
    pub(crate) queued_tokens: usize,
    /// The most tokens of a batch, counting padding.
    pub(crate) batch_tokens: usize,
    /// The most rows of a batch.
    pub(crate) batch_rows: usize,
}

/// Requests that wait for a model.
///
/// Jobs are served in the order of a virtual time, which a job spends as its tokens are served (fair queuing, Demers et al.
/// 1989): a short job is served soon although a long one has come before it. The time itself advances by the tokens that each of the
/// waiting jobs would have got, so a long job goes on although short ones keep coming.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    limits: Limits,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// The tokens of waiting and running rows.
    tokens: usize,
    /// The virtual time at which a new job starts.
    now: u64,
    numbers: u64,
    closed: bool,
}

/// What is computed next.
pub(crate) enum Batch {
    Rows { work: Arc<Work>, rows: Vec<BatchRow> },
    Call { call: Call, tokens: usize },
}

/// A row of a batch.
pub(crate) struct BatchRow {
    pub(crate) waiting: WaitingRow,
    pub(crate) listener: Listener,
}

impl Batch {
    /// Its tokens.
    pub(crate) fn tokens(&self) -> usize {
        match self {
            Self::Rows { rows, .. } => rows.iter().map(|row| row.waiting.tokens).sum(),
            Self::Call { tokens, .. } => *tokens,
        }
    }
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), limits }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request.
    ///
    /// # Errors
    /// If there is no room for its tokens, or the queue is closed.
    pub(crate) fn submit(&self, task: Task, tokens: usize) -> Result<(), Refused> {
        let mut state = self.state();
        if state.closed {
            return Err(Refused::Closed);
        }
        if tokens > self.limits.queued_tokens {
            return Err(Refused::TooLarge);
        }
        if state.tokens + tokens > self.limits.queued_tokens {
            return Err(Refused::Full);
        }
        state.tokens += tokens;
        state.numbers += 1;
        let (due, number) = (state.now, state.numbers);
        state.jobs.push(Job { task, tokens, due, number });
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for the next batch; none once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Batch> {
        let mut state = self.state();
        loop {
            state.drop_abandoned();
            if let Some(batch) = state.take(&self.limits) {
                return Some(batch);
            }
            if state.closed {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Frees the tokens of a computed batch.
    pub(crate) fn finished(&self, tokens: usize) {
        let mut state = self.state();
        state.tokens = state.tokens.saturating_sub(tokens);
    }

    /// Accepts no more requests.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
    }

    /// The number of waiting requests, and the tokens of waiting and running rows.
    pub(crate) fn load(&self) -> (usize, usize) {
        let state = self.state();
        (state.jobs.len(), state.tokens)
    }
}

impl State {
    fn drop_abandoned(&mut self) {
        let mut freed = 0;
        self.jobs.retain(|job| {
            let is_abandoned = job.is_abandoned();
            freed += if is_abandoned { job.tokens } else { 0 };
            !is_abandoned
        });
        self.tokens = self.tokens.saturating_sub(freed);
    }

    /// The next batch: the job that is due first, and the rows of others with the same work and a similar length.
    fn take(&mut self, limits: &Limits) -> Option<Batch> {
        self.jobs.sort_by_key(|job| (job.due, job.number));
        let first = self.jobs.first()?;
        self.now = self.now.max(first.due);
        let waiting = self.jobs.len() as u64;
        let work = match &first.task {
            Task::Rows { work, .. } => work.clone(),
            Task::Call { .. } => {
                let job = self.jobs.remove(0);
                self.now += job.tokens as u64 / waiting;
                let Task::Call { call, .. } = job.task else { return None };
                return Some(Batch::Call { call, tokens: job.tokens });
            }
        };
        let mut rows: Vec<BatchRow> = Vec::new();
        let mut longest = 0;
        for job in &mut self.jobs {
            let Task::Rows { work: other, rows: waiting, listener } = &mut job.task else {
                continue;
            };
            if *other != work && **other != *work {
                continue;
            }
            take_rows(waiting, listener, limits, &mut longest, &mut rows, |tokens| {
                job.tokens -= tokens;
                job.due += tokens as u64;
            });
        }
        self.jobs.retain(|job| match &job.task {
            Task::Rows { rows, .. } => !rows.is_empty(),
            Task::Call { .. } => true,
        });
        let served: usize = rows.iter().map(|row| row.waiting.tokens).sum();
        self.now += served as u64 / waiting;
        Some(Batch::Rows { work, rows })
    }
}

/// Moves rows of a job to the batch while they fit. The first row of the batch always fits.
fn take_rows(
    waiting: &mut VecDeque<WaitingRow>,
    listener: &Listener,
    limits: &Limits,
    longest: &mut usize,
    rows: &mut Vec<BatchRow>,
    mut taken: impl FnMut(usize),
) {
    while let Some(next) = waiting.front() {
        let length = next.tokens.max(*longest);
        // Rows of another length would mostly be padding.
        let is_similar = rows.is_empty() || next.tokens <= 2 * *longest + 16;
        let fits =
            rows.len() < limits.batch_rows && length * (rows.len() + 1) <= limits.batch_tokens;
        if !(rows.is_empty() || fits && is_similar) {
            return;
        }
        *longest = length;
        taken(next.tokens);
        if let Some(waiting) = waiting.pop_front() {
            rows.push(BatchRow { waiting, listener: listener.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::super::job::Event;
    use super::super::work::Row;
    use super::*;

    const LIMITS: Limits = Limits { queued_tokens: 10_000, batch_tokens: 100, batch_rows: 8 };

    /// Submits a request with rows of these tokens.
    fn submit(queue: &Queue, work: &Work, rows: &[usize]) -> UnboundedReceiver<Event> {
        let (sender, receiver) = unbounded_channel();
        let waiting = |(index, &tokens)| WaitingRow { index, row: Row::text(""), tokens };
        let rows: VecDeque<WaitingRow> = rows.iter().enumerate().map(waiting).collect();
        let tokens = rows.iter().map(|row| row.tokens).sum();
        let listener = Listener::new(sender, false);
        queue.submit(Task::Rows { work: Arc::new(work.clone()), rows, listener }, tokens).unwrap();
        receiver
    }

    /// The tokens of the rows of the next batch.
    fn next(queue: &Queue) -> Vec<usize> {
        let Some(Batch::Rows { rows, .. }) = queue.take() else { panic!("there are rows") };
        let tokens: Vec<usize> = rows.iter().map(|row| row.waiting.tokens).collect();
        queue.finished(tokens.iter().sum());
        tokens
    }

    #[test]
    fn a_batch_has_rows_of_equal_work_and_similar_length() {
        let queue = Queue::new(LIMITS);
        let first = submit(&queue, &Work::Classify, &[10, 10, 90]);
        let second = submit(&queue, &Work::Tag, &[10]);
        let third = submit(&queue, &Work::Classify, &[12]);
        assert_eq!(next(&queue), [10, 10, 12]);
        assert_eq!(next(&queue), [10]);
        assert_eq!(next(&queue), [90]);
        assert_eq!(queue.load(), (0, 0));
        drop((first, second, third));
    }

    #[test]
    fn short_and_long_requests_take_turns() {
        let queue = Queue::new(LIMITS);
        let long = submit(&queue, &Work::Classify, &[50; 100]);
        assert_eq!(next(&queue), [50, 50]);
        let mut shorts = Vec::new();
        let (mut long_rows, mut waited) = (0, 0);
        for _ in 0..40 {
            shorts.push(submit(&queue, &Work::Tag, &[50]));
            let mut batches = 0;
            // A short request that has just come is served within a few batches.
            while queue.load().0 > 1 {
                long_rows += next(&queue).len();
                batches += 1;
            }
            waited = waited.max(batches);
        }
        assert!(waited <= 3, "{waited} batches");
        assert!(long_rows > 40, "the long request continues: {long_rows}");
        drop((long, shorts));
    }

    #[test]
    fn requests_of_clients_that_have_left_are_dropped() {
        let queue = Queue::new(LIMITS);
        drop(submit(&queue, &Work::Classify, &[10; 50]));
        let other = submit(&queue, &Work::Tag, &[20]);
        assert_eq!(next(&queue), [20]);
        assert_eq!(queue.load(), (0, 0));
        drop(other);
    }

    #[test]
    fn there_is_room_for_a_number_of_tokens() {
        let queue = Queue::new(Limits { queued_tokens: 30, ..LIMITS });
        let call = |tokens| {
            let (client, _here) = tokio::sync::oneshot::channel();
            queue.submit(Task::Call { call: Box::new(|_| {}), client }, tokens)
        };
        assert_eq!(call(31), Err(Refused::TooLarge));
        assert_eq!(call(20), Ok(()));
        assert_eq!(call(20), Err(Refused::Full));
        queue.close();
        assert_eq!(call(1), Err(Refused::Closed));
        assert!(queue.take().is_none(), "the client of the first has left");
    }
}
