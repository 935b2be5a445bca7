//! N-gram counts, shared by the metrics.

use std::collections::HashMap;
use std::hash::Hash;

/// The number of occurrences of each n-gram.
pub(crate) type Counts<'a, T> = HashMap<&'a [T], u64>;

/// Counts the n-grams of one order (1 or more).
pub(crate) fn count<T: Eq + Hash>(items: &[T], order: usize) -> Counts<'_, T> {
    let mut counts = Counts::new();
    for ngram in items.windows(order) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}

/// The number of hypothesis n-grams that occur in the reference, each clipped to its reference count
/// ("modified precision", Papineni et al. 2002, section 2.1.1).
pub(crate) fn clipped_matches<T: Eq + Hash>(
    hypothesis: &Counts<'_, T>,
    reference: &Counts<'_, T>,
) -> u64 {
    hypothesis
        .iter()
        .map(|(ngram, &count)| reference.get(ngram).map_or(0, |&limit| count.min(limit)))
        .sum()
}

/// Raises each count of `merged` to that of `other`, if higher: over multiple references this gives the highest
/// count of each n-gram.
pub(crate) fn merge_max<'a, T: Eq + Hash>(merged: &mut Counts<'a, T>, other: Counts<'a, T>) {
    for (ngram, count) in other {
        let entry = merged.entry(ngram).or_default();
        *entry = count.max(*entry);
    }
}
