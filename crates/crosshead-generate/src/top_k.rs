//! Top-k selection over the continuations of several rows, without sorting the vocabulary.

use crate::TokenLogProb;
use crate::hypothesis::Alternatives;
use crate::logits::LogitRow;

/// The `k` most probable tokens of a row, to be recorded; `None` if none are wanted.
pub(crate) fn alternatives(k: usize, logits: &LogitRow) -> Option<Alternatives> {
    let record = |best: Candidate| TokenLogProb { token: best.token, log_prob: best.log_prob };
    (k > 0).then(|| TopK::of_row(k, logits).into_iter().map(record).collect())
}

/// A possible continuation of a path by one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// Log-probability of the path including this token.
    pub(crate) log_prob: f32,
    /// Log-probability of this token.
    pub(crate) token_log_prob: f32,
    /// The row whose path it continues.
    pub(crate) row: usize,
    /// The token.
    pub(crate) token: u32,
}

/// The `k` candidates with the highest log-probability, best first; ties go to the lower row, then the lower token.
/// Forbidden candidates (−∞) are excluded.
pub(crate) struct TopK {
    k: usize,
    best: Vec<Candidate>,
}

impl TopK {
    /// An empty selection of up to `k` candidates.
    pub(crate) fn new(k: usize) -> Self {
        Self { k, best: Vec::with_capacity(k + 1) }
    }

    /// Considers every token of a row whose path has the log-probability `path_log_prob`. Rows must be offered in ascending
    /// order.
    pub(crate) fn offer(&mut self, row: usize, logits: &LogitRow, path_log_prob: f32) {
        for (bound, log_probs) in logits.blocks() {
            if self.admits(bound + path_log_prob) {
                for (token, token_log_prob) in log_probs {
                    let log_prob = token_log_prob + path_log_prob;
                    self.insert(Candidate { log_prob, token_log_prob, row, token });
                }
            }
        }
    }

    /// The best continuations of a single path by one token.
    pub(crate) fn of_row(k: usize, logits: &LogitRow) -> Vec<Candidate> {
        let mut top = Self::new(k);
        top.offer(0, logits, 0.0);
        top.into_best()
    }

    /// The selected candidates, best first.
    pub(crate) fn into_best(self) -> Vec<Candidate> {
        self.best
    }

    fn admits(&self, log_prob: f32) -> bool {
        match self.best.last() {
            Some(worst) if self.best.len() == self.k => log_prob > worst.log_prob,
            _ => log_prob > f32::NEG_INFINITY,
        }
    }

    fn insert(&mut self, candidate: Candidate) {
        if !self.admits(candidate.log_prob) {
            return;
        }
        // Insert after ties, which were offered earlier and so have a lower row or token.
        let at = self.best.partition_point(|kept| kept.log_prob >= candidate.log_prob);
        self.best.insert(at, candidate);
        self.best.truncate(self.k);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_head_of_a_stable_sort(
            mut rows in prop::collection::vec(prop::collection::vec((-6i32..6).prop_map(|x| x as f32), 1100), 1..4),
            banned in prop::collection::vec(0usize..1100, 0..20),
            k in 1usize..40,
        ) {
            // Few distinct values, so that there are many ties.
            let mut top = TopK::new(k);
            let mut all = Vec::new();
            for (index, logits) in rows.iter_mut().enumerate() {
                let path_log_prob = -(index as f32);
                let mut row = LogitRow::new(logits).unwrap();
                banned.iter().for_each(|&token| row.ban(token as u32));
                all.extend((0..1100).map(|token| {
                    let token_log_prob = row.log_prob(token);
                    Candidate { log_prob: token_log_prob + path_log_prob, token_log_prob, row: index, token }
                }));
                top.offer(index, &row, path_log_prob);
            }
            all.retain(|candidate| candidate.log_prob > f32::NEG_INFINITY);
            all.sort_by(|a, b| b.log_prob.total_cmp(&a.log_prob));
            all.truncate(k);
            prop_assert_eq!(top.into_best(), all);
        }
    }
}
