//! Windows over one long sequence, for causal language models.

/// A window over a sequence: the input ids, and which of the predictions are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The position of the first input id.
    pub start: usize,
    /// The number of input ids. Each predicts the next id.
    pub len: usize,
    /// The number of predictions at the start that are not scored because an earlier window already made them.
    pub context: usize,
}

impl Window {
    /// A window whose predictions are all scored.
    pub fn new(start: usize, len: usize) -> Self {
        Self { start, len, context: 0 }
    }

    /// The number of scored predictions.
    pub fn targets(&self) -> usize {
        self.len - self.context
    }
}

/// The number of positions at which a window of `len` ids can start in a sequence of `ids` ids. This is the `bound` of
/// [`Batching::Draws`](crate::Batching::Draws) when its indices are window starts.
pub fn window_starts(ids: usize, len: usize) -> usize {
    ids.saturating_sub(len)
}

/// Windows of at most `len` ids in which every id of the sequence but the first is predicted exactly once.
///
/// Each window advances by `stride` ids, at most `len`, and scores the predictions that the previous window did not make.
/// Every prediction outside the first window therefore has a context of more than `len − stride` ids. With `stride` equal to
/// `len`, the windows do not overlap: this is fast, but overestimates the perplexity, because the first predictions of a
/// window have little context.
///
/// # Panics
/// If `len` is 0.
pub fn contiguous_windows(ids: usize, len: usize, stride: usize) -> Vec<Window> {
    assert!(len > 0, "a window must have at least one id");
    let stride = stride.clamp(1, len);
    let predictions = ids.saturating_sub(1);
    let mut windows = Vec::new();
    let mut predicted = 0;
    while predicted < predictions {
        let start = predicted.saturating_sub(len - stride);
        let end = predictions.min(start + len);
        windows.push(Window { start, len: end - start, context: predicted - start });
        predicted = end;
    }
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_id_but_the_first_is_predicted_once(ids in 0_usize..200, len in 1_usize..40, stride in 0_usize..50) {
            let mut predicted: Vec<usize> = Vec::new();
            for window in contiguous_windows(ids, len, stride) {
                prop_assert!((1..=len).contains(&window.len));
                prop_assert!(window.targets() > 0);
                predicted.extend(window.start + window.context + 1..=window.start + window.len);
            }
            prop_assert_eq!(predicted, (1..ids).collect::<Vec<_>>());
        }

        #[test]
        fn predictions_after_the_first_window_have_enough_context(ids in 0_usize..200, len in 1_usize..40, stride in 1_usize..40) {
            for window in contiguous_windows(ids, len, stride).into_iter().skip(1) {
                prop_assert!(window.context >= len - stride.min(len));
            }
        }

        #[test]
        fn a_window_from_any_start_has_all_its_targets(ids in 0_usize..100, len in 1_usize..40) {
            for start in 0..window_starts(ids, len) {
                prop_assert!(start + len < ids);
            }
        }
    }

    #[test]
    fn the_last_window_may_be_short() {
        let windows = contiguous_windows(6, 2, 2);
        assert_eq!(windows, [Window::new(0, 2), Window::new(2, 2), Window::new(4, 1)]);
    }
}
