//! Factors of dropout for any part of a stream.

use crate::RandomKey;
use crate::flex::philox;
use crate::random::drop_threshold;

/// Attention weights dropped at random.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    pub(super) key: RandomKey,
    pub(super) p: f32,
}

impl Dropout {
    /// The factors of elements `first` and on: 0 with probability p, or else 1 / (1 − p).
    pub(super) fn factors(&self, first: usize, factors: &mut [f32]) {
        let (threshold, kept) = (drop_threshold(self.p), 1.0 / (1.0 - self.p));
        philox::for_each_word(
            self.key,
            first as u64,
            factors,
            #[inline(always)]
            move |factor, word| *factor = if word < threshold { 0.0 } else { kept },
        );
    }
}
