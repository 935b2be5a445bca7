//! N-gram matches, shared by the metrics.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// The id of an item or n-gram without a match.
const UNMATCHED: u32 = u32::MAX;

/// For each order from 1 to `max_order`, the number of hypothesis n-grams that occur in a reference, each clipped to its
/// highest count in a reference ("modified precision", Papineni et al. 2002, section 2.1.1).
///
/// An n-gram is an (n − 1)-gram and an item, so an order needs only the ids of the one before. An n-gram without a match is
/// part of no longer match, so it is left out of the higher orders.
pub(crate) fn matches<T: Eq + Hash>(
    hypothesis: &[T],
    references: &[&[T]],
    max_order: usize,
) -> Vec<u64> {
    let mut texts = Texts::new(hypothesis, references);
    (1..=max_order).map(|order| texts.extend_to(order)).collect()
}

/// The ids of the items and n-grams of a hypothesis and its references.
struct Texts {
    /// The ids of the items of each text, the hypothesis first.
    items: Vec<Vec<u32>>,
    /// For each text and position, the id of the n-gram that starts there. Those of order 0 are all equal.
    ngrams: Vec<Vec<u32>>,
}

/// The count of an n-gram in the hypothesis, in one reference, and the highest in a reference.
#[derive(Clone, Copy, Default)]
struct Count {
    hypothesis: u64,
    reference: u64,
    limit: u64,
}

impl Texts {
    fn new<T: Eq + Hash>(hypothesis: &[T], references: &[&[T]]) -> Self {
        let mut known = FxHashMap::default();
        for item in hypothesis {
            let next = known.len() as u32;
            known.entry(item).or_insert(next);
        }
        let id = |item: &T| known.get(item).copied().unwrap_or(UNMATCHED);
        let texts = std::iter::once(hypothesis).chain(references.iter().copied());
        let items: Vec<Vec<u32>> = texts.map(|text| text.iter().map(id).collect()).collect();
        let ngrams = items.iter().map(|text| vec![0; text.len()]).collect();
        Self { items, ngrams }
    }

    /// Extends the n-grams by one item to `order`, and returns the number of clipped matches.
    fn extend_to(&mut self, order: usize) -> u64 {
        let mut known: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        let mut counts: Vec<Count> = Vec::new();
        for (text, (ngrams, items)) in self.ngrams.iter_mut().zip(&self.items).enumerate() {
            ngrams.truncate((items.len() + 1).saturating_sub(order));
            for (ngram, &item) in ngrams.iter_mut().zip(items.iter().skip(order - 1)) {
                if *ngram == UNMATCHED || item == UNMATCHED {
                    *ngram = UNMATCHED;
                    continue;
                }
                let key = (*ngram, item);
                if text == 0 {
                    *ngram = *known.entry(key).or_insert(counts.len() as u32);
                    counts.resize(known.len(), Count::default());
                    counts[*ngram as usize].hypothesis += 1;
                } else {
                    *ngram = known.get(&key).copied().unwrap_or(UNMATCHED);
                    if let Some(count) = counts.get_mut(*ngram as usize) {
                        count.reference += 1;
                        count.limit = count.limit.max(count.reference);
                    }
                }
            }
            counts.iter_mut().for_each(|count| count.reference = 0);
        }
        for ngram in self.ngrams.iter_mut().flatten() {
            if counts.get(*ngram as usize).is_some_and(|count| count.limit == 0) {
                *ngram = UNMATCHED;
            }
        }
        counts.iter().map(|count| count.hypothesis.min(count.limit)).sum()
    }
}
