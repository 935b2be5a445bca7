//! Span corruption, the pre-training of T5 (Raffel et al. 2020, section 3.1.4).

use crate::Example;
use crate::random::SplitMix64;

/// Span corruption: random spans of a text are replaced by one sentinel each in the source, and the target has each sentinel
/// followed by its span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanCorruption {
    /// The share of the ids in spans, 0.15 in T5.
    pub noise: f64,
    /// The mean length of a span, 3 in T5.
    pub mean_span: f64,
    /// The ids of the sentinels, in the order in which they are used.
    pub sentinels: Vec<u32>,
}

/// The numbers of ids and spans that are corrupted in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    noise: usize,
    spans: usize,
}

impl SpanCorruption {
    /// T5's span corruption: 15 % of the ids, in spans of 3 ids on average.
    pub fn new(sentinels: Vec<u32>) -> Self {
        Self { noise: 0.15, mean_span: 3.0, sentinels }
    }

    /// The number of sentinels that a text of `len` ids needs.
    pub fn sentinels_of(&self, len: usize) -> usize {
        self.counts(len).spans
    }

    /// The number of ids of the target of a text of `len` ids.
    pub fn target_len(&self, len: usize) -> usize {
        let Counts { noise, spans } = self.counts(len);
        noise + spans
    }

    /// Corrupts a text of at least two ids. The result is a pure function of the text, the seed, the epoch and the index.
    ///
    /// The numbers of ids and spans depend only on the length; the lengths of the spans, and of the text between them, are
    /// drawn with equal probability among those that add up, as in T5's `random_spans_noise_mask`. The text starts with
    /// what is kept and ends with a span.
    ///
    /// # Panics
    /// If there are fewer than two ids, or not enough sentinels.
    pub fn apply(&self, ids: &[u32], seed: u64, epoch: u64, index: usize) -> Example {
        assert!(ids.len() >= 2, "a text of {} ids cannot be corrupted", ids.len());
        let Counts { noise, spans } = self.counts(ids.len());
        let n_sentinels = self.sentinels.len();
        assert!(spans <= n_sentinels, "{n_sentinels} sentinels for {spans} spans");
        let mut random = SplitMix64::of_example(seed, epoch, index);
        let noise = segments(noise, spans, &mut random);
        let kept = segments(ids.len() - noise.iter().sum::<usize>(), spans, &mut random);
        let mut rest = ids;
        let (mut source, mut target) = (Vec::new(), Vec::new());
        for ((&sentinel, noise), kept) in self.sentinels.iter().zip(noise).zip(kept) {
            let (text, after) = rest.split_at(kept);
            let (span, after) = after.split_at(noise);
            source.extend_from_slice(text);
            source.push(sentinel);
            target.push(sentinel);
            target.extend_from_slice(span);
            rest = after;
        }
        Example { source, target }
    }

    fn counts(&self, len: usize) -> Counts {
        let noise = (len as f64 * self.noise).round() as usize;
        let noise = noise.clamp(1, len.saturating_sub(1).max(1));
        let spans = (noise as f64 / self.mean_span).round() as usize;
        // Each span needs an id of noise and one that is kept.
        Counts { noise, spans: spans.clamp(1, noise.min(len.saturating_sub(noise)).max(1)) }
    }
}

/// `items` in `n` segments of at least one, each way with equal probability.
fn segments(items: usize, n: usize, random: &mut SplitMix64) -> Vec<usize> {
    // Whether a segment starts at each item after the first.
    let mut starts: Vec<bool> = (1..items).map(|item| item < n).collect();
    random.shuffle(&mut starts);
    let mut lens = vec![1];
    for starts in starts {
        if starts {
            lens.push(1);
        } else if let Some(len) = lens.last_mut() {
            *len += 1;
        }
    }
    lens
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const FIRST: u32 = 1000;

    fn t5() -> SpanCorruption {
        SpanCorruption::new((FIRST..FIRST + 100).rev().collect())
    }

    /// The text: the source with each sentinel replaced by its span in the target.
    fn rebuilt(example: &Example) -> Vec<u32> {
        let spans = example.target.chunk_by(|_, &id| id < FIRST);
        let span = |sentinel: u32| {
            let mut of_sentinel = spans.clone().filter(|span| span[0] == sentinel);
            let found = of_sentinel.next().unwrap();
            assert!(of_sentinel.next().is_none(), "{sentinel} occurs twice");
            found[1..].to_vec()
        };
        let expand = |&id: &u32| if id < FIRST { vec![id] } else { span(id) };
        example.source.iter().flat_map(expand).collect()
    }

    proptest! {
        #[test]
        fn source_and_target_rebuild_the_text(ids in vec(0_u32..FIRST, 2..300), seed: u64, epoch: u64) {
            let example = t5().apply(&ids, seed, epoch, 5);
            prop_assert_eq!(&rebuilt(&example), &ids);
            prop_assert_eq!(&example, &t5().apply(&ids, seed, epoch, 5));
            // The numbers of `random_spans_noise_mask`.
            let noise = ((ids.len() as f64 * 0.15).round() as usize).clamp(1, ids.len() - 1);
            let spans = ((noise as f64 / 3.0).round() as usize).max(1);
            prop_assert_eq!(example.target.len(), noise + spans);
            prop_assert_eq!(example.source.len(), ids.len() - noise + spans);
            prop_assert_eq!(example.target.len(), t5().target_len(ids.len()));
            // Sentinels occur in their order, and between two of them is text.
            let sentinels = |ids: &[u32]| ids.iter().copied().filter(|&id| id >= FIRST).collect::<Vec<_>>();
            let used: Vec<u32> = t5().sentinels[..spans].to_vec();
            prop_assert_eq!(sentinels(&example.source), used.clone());
            prop_assert_eq!(sentinels(&example.target), used);
            prop_assert!(example.source[0] < FIRST);
            prop_assert!(example.source.windows(2).all(|pair| pair.iter().any(|&id| id < FIRST)));
        }

        #[test]
        fn segments_add_up(items in 1_usize..50, n in 1_usize..50, seed: u64) {
            let n = n.min(items);
            let lens = segments(items, n, &mut SplitMix64::new(seed));
            prop_assert_eq!((lens.len(), lens.iter().sum::<usize>()), (n, items));
            prop_assert!(lens.iter().all(|&len| len > 0));
        }
    }

    #[test]
    fn every_way_to_split_is_equally_likely() {
        let mut random = SplitMix64::new(1);
        let mut counts = std::collections::BTreeMap::new();
        (0..6000).for_each(|_| *counts.entry(segments(4, 2, &mut random)).or_insert(0) += 1);
        // 1 + 3, 2 + 2 and 3 + 1: 2000 expected of each, with a standard deviation of 37.
        assert_eq!(counts.len(), 3);
        assert!(counts.values().all(|count| (1800..2200).contains(count)), "{counts:?}");
    }

    #[test]
    fn spans_are_everywhere_in_the_text() {
        let ids: Vec<u32> = (0..100).collect();
        let mut masked = vec![0_u32; 100];
        for index in 0..2000 {
            let example = t5().apply(&ids, 3, 0, index);
            example
                .target
                .iter()
                .filter(|&&id| id < FIRST)
                .for_each(|&id| masked[id as usize] += 1);
        }
        assert_eq!(masked.iter().sum::<u32>(), 2000 * 15);
        // The text starts with a token that is kept and ends with a span. 5 segments of 85 kept tokens start with one of length 1
        // in C(83, 3) of C(84, 4) ways: 4 / 84 of 2000 are 95, with a standard deviation of 10.
        assert_eq!((masked[0], masked[99]), (0, 2000));
        assert!((45..145).contains(&masked[1]), "{masked:?}");
        assert!(masked[1..].iter().all(|&count| count > 0), "{masked:?}");
    }
}
