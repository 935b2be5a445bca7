//! Unfinished and finished hypotheses.

use std::cmp::Ordering;

use crate::Hypothesis;
use crate::constraint::States;
use crate::hypothesis::{Alternatives, Trace};
use crate::logits::LogitRow;
use crate::phrases::PhraseState;
use crate::top_k::{Candidate, TopK};

/// An unfinished hypothesis.
pub(super) struct Beam<'a> {
    /// The prompt and the generated tokens.
    pub(super) path: Vec<u32>,
    pub(super) states: States,
    pub(super) phrases: PhraseState<'a>,
    pub(super) trace: Trace,
    pub(super) log_prob: f32,
    /// The most probable next tokens of this step, if they are recorded.
    pub(super) alternatives: Option<Alternatives>,
}

/// A finished hypothesis.
pub(super) struct Finished {
    pub(super) hypothesis: Hypothesis,
    /// The number of phrases that it lacks.
    pub(super) missing: usize,
}

impl Finished {
    /// Better hypotheses first: fewer missing phrases, then a higher score.
    pub(super) fn rank(&self, other: &Self) -> Ordering {
        let by_score = other.hypothesis.score.total_cmp(&self.hypothesis.score);
        self.missing.cmp(&other.missing).then(by_score)
    }
}

impl<'a> Beam<'a> {
    /// The beam with the token of a candidate.
    pub(super) fn extended(&self, candidate: &Candidate) -> Self {
        Self {
            path: [self.path.as_slice(), &[candidate.token]].concat(),
            states: self.states.forked(candidate.token),
            phrases: self.phrases.extended(candidate.token),
            trace: self.trace.extended(candidate.token_log_prob, self.alternatives.clone()),
            log_prob: candidate.log_prob,
            alternatives: None,
        }
    }

    /// The best continuation, the best one that confirms a phrase, and those that begin or continue a phrase.
    pub(super) fn continuations(&self, row: usize, logits: &LogitRow) -> Vec<Candidate> {
        let mut tokens = self.phrases.next_tokens();
        tokens.extend(TopK::of_row(1, logits).iter().map(|best| best.token));
        if self.phrases.is_pending() {
            let all = logits.blocks().flat_map(|(_, log_probs)| log_probs);
            let confirming = all.filter(|&(token, _)| self.phrases.confirms(token));
            let best = confirming.reduce(|best, next| if next.1 > best.1 { next } else { best });
            tokens.extend(best.map(|(token, _)| token));
        }
        let candidate = |token| {
            let token_log_prob = logits.log_prob(token);
            Candidate { log_prob: self.log_prob + token_log_prob, token_log_prob, row, token }
        };
        let mut candidates: Vec<_> = tokens.into_iter().map(candidate).collect();
        candidates.retain(|candidate| candidate.log_prob > f32::NEG_INFINITY);
        candidates
    }
}
