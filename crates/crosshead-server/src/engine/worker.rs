//! The thread of a model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crosshead_kernels::in_pool;

use super::compute::compute;
use super::job::Event;
use super::loaded::Loaded;
use super::queue::{Batch, BatchRow, Queue};
use super::work::Work;
use crate::metrics::Metrics;
use crate::reply::ApiError;

/// Which model has the thread pool for itself. Computing inside the pool is faster, but there, the work of one model could wait for all of
/// another's; so only one model at a time does, and the others compute from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<AtomicBool>);

impl Pool {
    fn run<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        if self.0.swap(true, Ordering::Acquire) {
            return f();
        }
        let result = catch_unwind(AssertUnwindSafe(|| in_pool(f)));
        self.0.store(false, Ordering::Release);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Computes batches until the queue is closed and empty.
pub(super) fn work(mut loaded: Loaded, queue: &Queue, pool: &Pool, metrics: &Metrics, name: &str) {
    while let Some(batch) = queue.take() {
        let tokens = batch.tokens();
        match batch {
            Batch::Rows { work, rows } => {
                metrics.batch(name, rows.len(), tokens);
                answer(&mut loaded, &work, rows, pool);
            }
            Batch::Call { call, .. } => {
                metrics.batch(name, 1, tokens);
                let loaded = &mut loaded;
                // A panic drops the sender in the call, which its client notices.
                let _ = catch_unwind(AssertUnwindSafe(|| pool.run(move || call(loaded))));
            }
        }
        queue.finished(tokens);
    }
}

/// Computes rows and sends their outputs. If rows of several requests fail together, each request is computed by itself, so that only the
/// faulty one fails.
fn answer(loaded: &mut Loaded, work: &Work, rows: Vec<BatchRow>, pool: &Pool) {
    match caught(loaded, work, &rows, pool) {
        Ok(outputs) => {
            for (row, output) in rows.iter().zip(outputs) {
                row.listener.send(Event::Done(row.waiting.index, output));
            }
        }
        Err(error) => {
            let (own, others) = by_request(rows);
            if others.is_empty() {
                own.iter().take(1).for_each(|row| row.listener.send(Event::Failed(error.clone())));
                return;
            }
            answer(loaded, work, own, pool);
            answer(loaded, work, others, pool);
        }
    }
}

/// The rows of the first request, and the others.
fn by_request(rows: Vec<BatchRow>) -> (Vec<BatchRow>, Vec<BatchRow>) {
    let first = rows.first().map(|row| row.listener.clone());
    let is_own = |row: &BatchRow| first.as_ref().is_some_and(|own| own.is_same(&row.listener));
    rows.into_iter().partition(is_own)
}

/// Computes rows; a panic is an error.
fn caught(
    loaded: &mut Loaded,
    work: &Work,
    rows: &[BatchRow],
    pool: &Pool,
) -> Result<Vec<crate::engine::Output>, ApiError> {
    let computed = catch_unwind(AssertUnwindSafe(|| pool.run(|| compute(loaded, work, rows))));
    computed.unwrap_or_else(|_| Err(ApiError::internal("the model failed on this request")))
}
