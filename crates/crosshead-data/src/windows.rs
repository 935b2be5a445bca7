//! A text as one long sequence, and the windows through which a language model sees it.

/// A window on a sequence: the ids that are read, and how many of the predicted ones count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The place of the first id that is read.
    pub start: usize,
    /// The number of ids that are read. Each predicts the id after it.
    pub len: usize,
    /// The predictions at the beginning that do not count, because another window has made them.
    pub context: usize,
}

impl Window {
    /// A window of which every prediction counts.
    pub fn new(start: usize, len: usize) -> Self {
        Self { start, len, context: 0 }
    }

    /// The number of predictions that count.
    pub fn targets(&self) -> usize {
        self.len - self.context
    }
}

/// The number of places at which a window of `len` ids can start in a sequence of `ids` ids: the `bound` of
/// [`Batching::Draws`](crate::Batching::Draws), whose indices are then starts of windows.
pub fn window_starts(ids: usize, len: usize) -> usize {
    ids.saturating_sub(len)
}

/// Windows of at most `len` ids in which every id of the sequence but the first is predicted exactly once.
///
/// Each window moves on by `stride` ids, at most `len`, and counts the predictions that the one before it did not make;
/// so every prediction but those of the first window has at least `len − stride` ids before the one that it reads. With
/// `stride` equal to `len` the windows do not overlap, which is fast and makes the perplexity higher than the model
/// deserves, because the first predictions of a window know little.
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
        fn predictions_behind_the_first_window_know_enough(ids in 0_usize..200, len in 1_usize..40, stride in 1_usize..40) {
            for window in contiguous_windows(ids, len, stride).into_iter().skip(1) {
                prop_assert!(window.context >= len - stride.min(len));
            }
        }

        #[test]
        fn a_window_from_any_start_has_its_targets(ids in 0_usize..100, len in 1_usize..40) {
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
