//! The beam search of one sentence, in one or several groups of beams.

use super::Search;
use super::group::Group;
use crate::{GenerateError, Hooks, Hypothesis, StopReason};

/// The beam search of one sentence.
pub(super) struct Sentence<'a> {
    /// The index of the sentence in the batch.
    number: usize,
    groups: Vec<Group<'a>>,
    /// Whether the groups still have a row of the model in common.
    at_start: bool,
}

impl<'a> Sentence<'a> {
    pub(super) fn new(number: usize, search: Search<'a>, hooks: &Hooks<'_>) -> Self {
        let groups =
            (0..search.options.groups).map(|_| Group::new(number, search, hooks)).collect();
        Self { number, groups, at_start: true }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn is_live(&self) -> bool {
        self.groups.iter().any(Group::is_live)
    }

    /// The last tokens of the live beams. At the start, all groups have the same one.
    pub(super) fn last_tokens(&self) -> Vec<u32> {
        let groups = if self.at_start { &self.groups[..1] } else { &self.groups };
        groups.iter().flat_map(Group::last_tokens).collect()
    }

    /// Advances every group by one token. Returns the row of this step that each beam continues. `logits` are those of the
    /// sentence, whose first row is `first_row`.
    pub(super) fn advance(
        &mut self,
        logits: &mut [f32],
        vocab_size: usize,
        first_row: usize,
        search: Search<'_>,
    ) -> Result<Vec<usize>, GenerateError> {
        let shared = (self.at_start && self.groups.len() > 1).then(|| logits.to_vec());
        self.at_start = false;
        let (mut rest, mut row) = (logits, first_row);
        let (mut parents, mut chosen) = (Vec::new(), Vec::new());
        for group in self.groups.iter_mut().filter(|group| group.is_live()) {
            if let Some(shared) = &shared {
                rest.copy_from_slice(shared);
                parents.extend(group.advance(rest, vocab_size, row, &mut chosen, search)?);
            } else {
                let rows = group.last_tokens().count();
                let (own, others) = rest.split_at_mut(rows * vocab_size);
                parents.extend(group.advance(own, vocab_size, row, &mut chosen, search)?);
                (rest, row) = (others, row + rows);
            }
        }
        Ok(parents)
    }

    /// Ends the search and ranks the live beams among the finished hypotheses.
    pub(super) fn stop(&mut self, reason: StopReason, search: Search<'_>) {
        self.groups.iter_mut().for_each(|group| group.stop(reason, search));
    }

    /// The best hypotheses of all groups.
    pub(super) fn into_best(self, n_best: usize) -> Vec<Hypothesis> {
        let mut finished: Vec<_> = self.groups.into_iter().flat_map(Group::into_finished).collect();
        // Stable, so that ties go to the earlier group.
        finished.sort_by(|a, b| a.rank(b));
        let mut best: Vec<_> = finished.into_iter().map(|finished| finished.hypothesis).collect();
        best.truncate(n_best);
        best
    }
}
