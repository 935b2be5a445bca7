//! The counts that BLEU is computed from, summed over the segments of a corpus.

use std::array;
use std::iter::Sum;

use super::MAX_ORDER;
use crate::ngrams;
use crate::text::words;

/// Sufficient statistics of BLEU. Index n − 1 holds the counts of n-grams.
#[derive(Clone, Copy, Default)]
pub(super) struct Statistics {
    pub(super) matches: [u64; MAX_ORDER],
    pub(super) totals: [u64; MAX_ORDER],
    pub(super) hypothesis_len: u64,
    pub(super) reference_len: u64,
}

impl Statistics {
    /// The counts of one tokenized segment with at least one reference.
    pub(super) fn of_segment(hypothesis: &str, references: &[String]) -> Self {
        let hypothesis: Vec<_> = words(hypothesis).collect();
        let references: Vec<Vec<_>> = references.iter().map(|r| words(r).collect()).collect();
        let of_references: Vec<&[&str]> = references.iter().map(Vec::as_slice).collect();
        let matches = ngrams::matches(&hypothesis, &of_references, MAX_ORDER);
        Self {
            matches: array::from_fn(|n| matches[n]),
            totals: array::from_fn(|n| hypothesis.len().saturating_sub(n) as u64),
            hypothesis_len: hypothesis.len() as u64,
            reference_len: closest_len(&references, hypothesis.len()) as u64,
        }
    }

    /// The counts as numbers that can be summed.
    pub(super) fn to_vec(self) -> Vec<f64> {
        let lengths = [self.hypothesis_len, self.reference_len];
        let counts = lengths.into_iter().chain(self.matches).chain(self.totals);
        counts.map(|count| count as f64).collect()
    }

    /// The counts of [`to_vec`](Self::to_vec), or sums of them.
    pub(super) fn from_slice(counts: &[f64]) -> Self {
        let order = |first: usize| array::from_fn(|n| counts[first + n] as u64);
        Self {
            hypothesis_len: counts[0] as u64,
            reference_len: counts[1] as u64,
            matches: order(2),
            totals: order(2 + MAX_ORDER),
        }
    }

    /// min(1, exp(1 − r/c)) (Papineni et al. 2002, section 2.3); 0 if only the hypotheses are empty.
    pub(super) fn brevity_penalty(&self) -> f64 {
        if self.hypothesis_len >= self.reference_len {
            return 1.0;
        }
        (1.0 - self.reference_len as f64 / self.hypothesis_len as f64).exp()
    }
}

impl Sum for Statistics {
    fn sum<I: Iterator<Item = Self>>(segments: I) -> Self {
        segments.fold(Self::default(), |sum, segment| Self {
            matches: array::from_fn(|n| sum.matches[n] + segment.matches[n]),
            totals: array::from_fn(|n| sum.totals[n] + segment.totals[n]),
            hypothesis_len: sum.hypothesis_len + segment.hypothesis_len,
            reference_len: sum.reference_len + segment.reference_len,
        })
    }
}

/// The length of the reference closest in length to the hypothesis; if two are equally close, the shorter one.
fn closest_len(references: &[Vec<&str>], hypothesis_len: usize) -> usize {
    references
        .iter()
        .map(Vec::len)
        .min_by_key(|&len| (len.abs_diff(hypothesis_len), len))
        .unwrap_or_default()
}
