//! A group of beams that compete with each other.

use std::cmp::Ordering;

use super::Search;
use super::allocation::{Choice, allocate, in_order};
use super::beam::{Beam, Finished};
use crate::constraint::States;
use crate::hypothesis::Trace;
use crate::loop_guard::loop_start;
use crate::penalties::{History, penalize_log_probs};
use crate::phrases::PhraseState;
use crate::processors::{Progress, Scores, read_row, restrict};
use crate::top_k::{Candidate, TopK, alternatives};
use crate::{EarlyStopping, GenerateError, Hooks, Hypothesis, StopReason};

/// A group of beams of one sentence. Without diverse groups, a sentence has one.
pub(super) struct Group<'a> {
    /// The index of the sentence in the batch.
    number: usize,
    max_len: usize,
    min_len: usize,
    prompt_len: usize,
    /// The number of consecutive copies of an n-gram that a hypothesis may have, if that is limited.
    allowed_copies: Option<usize>,
    /// Best first; empty once the group is done.
    live: Vec<Beam<'a>>,
    /// Best first, at most one per beam.
    finished: Vec<Finished>,
    /// The best hypothesis that was dropped because of a loop.
    looping: Option<Finished>,
}

impl<'a> Group<'a> {
    pub(super) fn new(number: usize, search: Search<'a>, hooks: &Hooks<'_>) -> Self {
        let config = search.config;
        let path = config.prompt(number);
        let prompt_len = path.len();
        let beam = Beam {
            states: States::start(hooks.constraints(), number, &path),
            path,
            phrases: PhraseState::start(&config.phrases, number),
            trace: Trace::default(),
            log_prob: 0.0,
            alternatives: None,
        };
        Self {
            number,
            max_len: config.max_len.of(number),
            min_len: config.min_len.of(number),
            prompt_len,
            allowed_copies: config.allowed_copies(number),
            live: vec![beam],
            finished: Vec::new(),
            looping: None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        !self.live.is_empty()
    }

    pub(super) fn last_tokens(&self) -> impl Iterator<Item = u32> {
        self.live.iter().map(|beam| beam.path[beam.path.len() - 1])
    }

    /// Extends the beams by one token; returns the row of this step that each new beam continues. `first_row` is the row of
    /// the first beam. `chosen` are the tokens that earlier groups chose, to which this one adds its own.
    pub(super) fn advance(
        &mut self,
        logits: &mut [f32],
        vocab_size: usize,
        first_row: usize,
        chosen: &mut Vec<u32>,
        search: Search<'_>,
    ) -> Result<Vec<usize>, GenerateError> {
        let rows = logits.chunks_mut(vocab_size);
        let mut candidates = self.candidates(rows, first_row, chosen, search)?;
        candidates.retain(|candidate| !self.drops(candidate, search));
        let ends = candidates.iter().map(|candidate| self.stop_of(candidate, search)).collect();
        let beams = search.options.group_size();
        let choice = match self.live[0].phrases.is_free() {
            true => in_order(candidates, ends, beams),
            false => allocate(candidates, ends, beams, &self.live),
        };
        let parents = self.follow(choice, chosen, search);
        Ok(parents.into_iter().map(|beam| first_row + beam).collect())
    }

    /// The best continuations of the live beams: enough of them that at least one per beam does not end with an end token. With
    /// phrases, also the best continuations of each beam and those that continue a phrase.
    fn candidates<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r mut [f32]>,
        first_row: usize,
        chosen: &[u32],
        search: Search<'_>,
    ) -> Result<Vec<Candidate>, GenerateError> {
        let Search { config, options, .. } = search;
        let Self { number, prompt_len, max_len, min_len, .. } = *self;
        let mut top = TopK::new((1 + config.eos_ids.len()).max(2) * options.group_size());
        let mut more = Vec::new();
        for (index, (beam, logits)) in self.live.iter_mut().zip(rows).enumerate() {
            let (step, row) = (beam.path.len() - prompt_len, first_row + index);
            let source = config.source(number);
            let mut logits =
                read_row(logits, config).ok_or(GenerateError::InvalidLogits { step, row })?;
            let history = History { path: &beam.path, source };
            penalize_log_probs(&mut logits, history, config, chosen, options.diversity_penalty);
            let (path, states, scores) = (&beam.path, &beam.states, Scores::LogProbs);
            let progress = Progress { path, prompt_len, max_len, min_len, states, source, scores };
            restrict(&mut logits, progress, config, row)?;
            // At the length limit, an end token may be all that is left.
            if beam.phrases.missing() > 0 && step + 1 < max_len {
                config.eos_ids.iter().for_each(|&token| logits.ban(token));
            }
            beam.alternatives = alternatives(config.alternatives, &logits);
            top.offer(index, &logits, beam.log_prob);
            if !beam.phrases.is_free() {
                more.extend(beam.continuations(index, &logits));
            }
        }
        let mut best = top.into_best();
        let is_new = |new: &Candidate, best: &[Candidate]| {
            !best.iter().any(|old| (old.row, old.token) == (new.row, new.token))
        };
        for candidate in more {
            if is_new(&candidate, &best) {
                best.push(candidate);
            }
        }
        Ok(best)
    }

    /// Whether a candidate is dropped because of a loop. The best one is kept in case there is no other hypothesis.
    fn drops(&mut self, candidate: &Candidate, search: Search<'_>) -> bool {
        let Some(allowed) = self.allowed_copies else { return false };
        if search.config.eos_ids.contains(&candidate.token) {
            return false;
        }
        let beam = &self.live[candidate.row];
        let mut tokens = beam.path[self.prompt_len..].to_vec();
        tokens.push(candidate.token);
        let Some(len) = loop_start(&tokens, allowed) else { return false };
        let mut trace = beam.trace.extended(candidate.token_log_prob, beam.alternatives.clone());
        trace.truncate(len);
        let penalty = search.config.length_penalty;
        let hypothesis = Hypothesis::new(&tokens[..len], trace, penalty, StopReason::Loop);
        let looping = Finished { hypothesis, missing: beam.phrases.missing() };
        if self.looping.as_ref().is_none_or(|best| looping.rank(best) == Ordering::Less) {
            self.looping = Some(looping);
        }
        true
    }

    /// Why a candidate finishes its beam, if it does.
    fn stop_of(&self, candidate: &Candidate, search: Search<'_>) -> Option<StopReason> {
        if search.config.eos_ids.contains(&candidate.token) {
            return Some(StopReason::EndToken(candidate.token));
        }
        let path = &self.live[candidate.row].path;
        if let Some(rule) = search.stop_rule
            && rule.stops(self.number, &[path.as_slice(), &[candidate.token]].concat())
        {
            return Some(StopReason::StopRule);
        }
        (path.len() + 1 - self.prompt_len == self.max_len).then_some(StopReason::MaxLength)
    }

    /// Finishes and extends beams as chosen; returns the beam that each new beam continues. Adds the tokens to `chosen`.
    fn follow(&mut self, choice: Choice, chosen: &mut Vec<u32>, search: Search<'_>) -> Vec<usize> {
        // Number of generated tokens, including that of this step.
        let len = self.live[0].path.len() + 1 - self.prompt_len;
        for (candidate, stop) in &choice.ended {
            let finished = self.ended(candidate, *stop, search);
            self.keep(finished, search);
            chosen.extend(stop.end_token().is_none().then_some(candidate.token));
        }
        let extended = choice.extended;
        if extended.is_empty() && self.finished.is_empty() {
            // Every continuation is a loop or forbidden: return the best of them, or the beams as they are.
            self.finished = match self.looping.take() {
                Some(looping) => vec![looping],
                None => self.cut_off(StopReason::NoToken, search),
            };
        }
        let best = extended.iter().map(|candidate| candidate.log_prob).reduce(f32::max);
        if self.is_done(best, len, search) {
            self.live.clear();
            return Vec::new();
        }
        self.live =
            extended.iter().map(|candidate| self.live[candidate.row].extended(candidate)).collect();
        chosen.extend(extended.iter().map(|candidate| candidate.token));
        extended.into_iter().map(|candidate| candidate.row).collect()
    }

    /// The live beams as hypotheses.
    fn cut_off(&self, stop: StopReason, search: Search<'_>) -> Vec<Finished> {
        let penalty = search.config.length_penalty;
        let finished = |beam: &Beam<'_>| Finished {
            hypothesis: Hypothesis::new(
                &beam.path[self.prompt_len..],
                beam.trace.clone(),
                penalty,
                stop,
            ),
            missing: beam.phrases.missing(),
        };
        self.live.iter().map(finished).collect()
    }

    /// The hypothesis of a candidate that finishes its beam.
    fn ended(&self, candidate: &Candidate, stop: StopReason, search: Search<'_>) -> Finished {
        let beam = &self.live[candidate.row];
        let mut tokens = beam.path[self.prompt_len..].to_vec();
        let mut phrases = beam.phrases.clone();
        if stop.end_token().is_none() {
            tokens.push(candidate.token);
            phrases = phrases.extended(candidate.token);
        }
        let trace = beam.trace.extended(candidate.token_log_prob, beam.alternatives.clone());
        let hypothesis = Hypothesis::new(&tokens, trace, search.config.length_penalty, stop);
        Finished { hypothesis, missing: phrases.missing() }
    }

    /// Adds a finished hypothesis if it is among the best.
    fn keep(&mut self, finished: Finished, search: Search<'_>) {
        let at = self.finished.partition_point(|kept| kept.rank(&finished) != Ordering::Greater);
        self.finished.insert(at, finished);
        self.finished.truncate(search.options.group_size());
    }

    /// Ends the search and ranks the live beams among the finished hypotheses.
    pub(super) fn stop(&mut self, reason: StopReason, search: Search<'_>) {
        for finished in self.cut_off(reason, search) {
            self.keep(finished, search);
        }
        self.live.clear();
    }

    /// Whether the search is done: no beams are left or, according to [`EarlyStopping`], none can improve on the
    /// finished hypotheses. `best` is the log-probability of the best beam, which has `len` tokens.
    fn is_done(&self, best: Option<f32>, len: usize, search: Search<'_>) -> bool {
        let Search { config, options, .. } = search;
        let Some(best) = best else { return true };
        let is_full = self.finished.len() == options.group_size();
        let Some(worst) = self.finished.last().filter(|worst| is_full && worst.missing == 0) else {
            return false;
        };
        let grows = config.length_penalty.alpha() > 0.0;
        let best_len = match options.early_stopping {
            EarlyStopping::Full => return true,
            EarlyStopping::Never if grows => self.max_len,
            EarlyStopping::Heuristic | EarlyStopping::Never => len,
        };
        best / config.length_penalty.divisor(best_len) <= worst.hypothesis.score
    }

    pub(super) fn into_finished(self) -> Vec<Finished> {
        self.finished
    }
}
