//! Keeps threads of the pool spinning instead of sleeping.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::Yield;

/// How long a thread spins without work before it sleeps. Waking a sleeping thread takes longer than many operations.
const PATIENCE: Duration = Duration::from_millis(1);

/// The maximum number of threads kept awake: too many spinning threads slow each other down.
const MAX_AWAKE: usize = 8;

/// Keeps the other threads of the pool awake until the guard is dropped or they have been idle for [`PATIENCE`].
///
/// Returns `None` if the calling thread does not belong to the pool or is its only thread.
pub(crate) fn keep_awake() -> Option<Guard> {
    let caller = rayon::current_thread_index()?;
    let threads = rayon::current_num_threads();
    if threads == 1 {
        return None;
    }
    let done = Arc::new(AtomicBool::new(false));
    let guard = Guard(Arc::clone(&done));
    rayon::spawn_broadcast(move |context| {
        let distance = (context.index() + threads - caller) % threads;
        if (1..=MAX_AWAKE).contains(&distance) {
            look_for_work(&done);
        }
    });
    Some(guard)
}

/// Lets the threads sleep again when dropped.
pub(crate) struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn look_for_work(done: &AtomicBool) {
    let mut idle_since = Instant::now();
    while !done.load(Ordering::Acquire) && idle_since.elapsed() < PATIENCE {
        match rayon::yield_now() {
            Some(Yield::Executed) => idle_since = Instant::now(),
            _ => hint::spin_loop(),
        }
    }
}
