//! The dropout mask: the only place that decides whether a call drops elements, and which ones.

use crate::random::{Mode, RandomKey};

/// The dropout mask of one call. It is never stored; it is regenerated wherever it is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropoutMask {
    /// The random stream: word i decides whether element i is dropped.
    pub(crate) key: RandomKey,
    p: f32,
}

impl DropoutMask {
    /// The mask of a call; `None` if nothing is dropped: in evaluation, or with `p` = 0.
    ///
    /// # Panics
    /// If `p` is outside [0, 1).
    pub(crate) fn active(p: f32, mode: Mode) -> Option<Self> {
        assert!((0.0..1.0).contains(&p), "dropout probability ({p}) must be in [0, 1)");
        match mode {
            Mode::Train(key) if p > 0.0 => Some(Self { key, p }),
            Mode::Train(_) | Mode::Eval => None,
        }
    }

    /// An element is dropped if its word is below this threshold.
    #[inline]
    pub(crate) fn threshold(self) -> u32 {
        (f64::from(self.p) * f64::from(u32::MAX)).round() as u32
    }

    /// The factor applied to an element that is kept: 1 / (1 − p).
    #[inline]
    pub(crate) fn scale(self) -> f32 {
        1.0 / (1.0 - self.p)
    }
}
