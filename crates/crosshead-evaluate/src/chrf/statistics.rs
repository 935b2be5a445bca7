//! The counts that chrF is computed from, summed over the segments of a corpus.

use std::hash::Hash;

use crate::ngrams;
use crate::text::{visible_chars, words};

/// The characters and words of a segment that chrF compares.
pub(super) struct Units {
    chars: Vec<char>,
    words: Vec<String>,
}

impl Units {
    pub(super) fn new(segment: &str, whitespace: bool) -> Self {
        Self {
            chars: if whitespace {
                segment.chars().collect()
            } else {
                visible_chars(segment).collect()
            },
            words: words(segment).flat_map(split_punctuation).map(str::to_owned).collect(),
        }
    }

    /// The counts of a hypothesis and a reference: character orders first, then word orders.
    pub(super) fn compare(
        &self,
        reference: &Self,
        char_order: usize,
        word_order: usize,
    ) -> Vec<OrderCounts> {
        let mut counts = OrderCounts::of_orders(&self.chars, &reference.chars, char_order);
        counts.extend(OrderCounts::of_orders(&self.words, &reference.words, word_order));
        counts
    }
}

/// The n-gram counts of one order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OrderCounts {
    hypothesis: u64,
    reference: u64,
    matches: u64,
}

impl OrderCounts {
    /// The counts of orders 1 to `max_order`.
    fn of_orders<T: Eq + Hash>(hypothesis: &[T], reference: &[T], max_order: usize) -> Vec<Self> {
        let matches = ngrams::matches(hypothesis, &[reference], max_order);
        let counts = (1..).zip(matches).map(|(order, matches)| {
            let total = |items: &[T]| (items.len() + 1).saturating_sub(order) as u64;
            let reference = total(reference);
            // An order for which the reference is too short does not affect precision.
            let hypothesis = if reference == 0 { 0 } else { total(hypothesis) };
            Self { hypothesis, reference, matches }
        });
        counts.collect()
    }

    /// The counts as numbers that can be summed.
    pub(super) fn to_array(self) -> [f64; 3] {
        [self.hypothesis, self.reference, self.matches].map(|count| count as f64)
    }

    /// The counts of [`to_array`](Self::to_array), or sums of them.
    pub(super) fn from_slice(counts: &[f64]) -> Self {
        let [hypothesis, reference, matches] = [0, 1, 2].map(|at| counts[at] as u64);
        Self { hypothesis, reference, matches }
    }

    /// The fraction of the hypothesis n-grams that match; `None` if there are none.
    pub(super) fn precision(&self) -> Option<f64> {
        (self.hypothesis > 0).then(|| self.matches as f64 / self.hypothesis as f64)
    }

    /// The fraction of the reference n-grams that match; `None` if there are none.
    pub(super) fn recall(&self) -> Option<f64> {
        (self.reference > 0).then(|| self.matches as f64 / self.reference as f64)
    }
}

/// Adds a segment's counts to those of a corpus.
pub(super) fn add(corpus: &mut [OrderCounts], segment: &[OrderCounts]) {
    for (sum, order) in corpus.iter_mut().zip(segment) {
        sum.hypothesis += order.hypothesis;
        sum.reference += order.reference;
        sum.matches += order.matches;
    }
}

/// Splits one punctuation mark off the end of a word, or else off its start, as in chrF++.py: `(hi)` becomes
/// `(hi` and `)`.
fn split_punctuation(word: &str) -> Vec<&str> {
    let is_punctuation = |c: char| c.is_ascii_punctuation();
    let split = if word.chars().nth(1).is_none() {
        None
    } else if word.ends_with(is_punctuation) {
        Some(word.len() - 1)
    } else {
        word.starts_with(is_punctuation).then_some(1)
    };
    split.map_or_else(|| vec![word], |at| vec![&word[..at], &word[at..]])
}
