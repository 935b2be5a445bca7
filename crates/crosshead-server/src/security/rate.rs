//! How many requests a client may make.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most clients that are remembered; beyond, those with a full allowance are forgotten.
const CLIENTS: usize = 4096;

/// The allowance of each client: a token bucket that a minute fills.
#[derive(Debug)]
pub(crate) struct Rates<K> {
    per_minute: f64,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl<K: Eq + Hash> Rates<K> {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute: per_minute.into(), buckets: Mutex::default() }
    }

    /// Takes one request from the allowance of a client.
    ///
    /// # Errors
    /// If there is none left: the time after which there is.
    pub(crate) fn take(&self, client: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let per_second = self.per_minute / 60.0;
        let filled = |bucket: &Bucket| {
            let passed = now.saturating_duration_since(bucket.filled).as_secs_f64();
            (bucket.tokens + passed * per_second).min(self.per_minute)
        };
        if buckets.len() >= CLIENTS {
            buckets.retain(|_, bucket| filled(bucket) < self.per_minute);
        }
        let bucket =
            buckets.entry(client).or_insert(Bucket { tokens: self.per_minute, filled: now });
        let tokens = filled(bucket);
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / per_second));
        }
        *bucket = Bucket { tokens: tokens - 1.0, filled: now };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowance_is_for_each_client_and_returns() {
        let rates = Rates::new(2);
        let start = Instant::now();
        for client in ["a", "b"] {
            assert_eq!(rates.take(client, start), Ok(()));
            assert_eq!(rates.take(client, start), Ok(()));
            assert_eq!(rates.take(client, start), Err(Duration::from_secs(30)), "{client}");
        }
        assert_eq!(rates.take("a", start + Duration::from_secs(31)), Ok(()));
        assert!(rates.take("a", start + Duration::from_secs(32)).is_err());
    }
}
