//! Counts of n-grams, shared by all metrics.

use std::collections::HashMap;
use std::hash::Hash;

/// How often each n-gram occurs.
pub(crate) type Counts<'a, T> = HashMap<&'a [T], u64>;

/// Counts of the n-grams of one order (1 or more).
pub(crate) fn count<T: Eq + Hash>(items: &[T], order: usize) -> Counts<'_, T> {
    let mut counts = Counts::new();
    for ngram in items.windows(order) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}

/// Occurrences of n-grams of `hypothesis` that `reference` contains, each at most as often as there
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

/// Raises each count of `merged` to that in `other`: the most often an n-gram occurs in any of several
/// references.
pub(crate) fn merge_max<'a, T: Eq + Hash>(merged: &mut Counts<'a, T>, other: Counts<'a, T>) {
    for (ngram, count) in other {
        let entry = merged.entry(ngram).or_default();
        *entry = count.max(*entry);
    }
}
