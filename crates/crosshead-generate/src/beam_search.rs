//! Beam search.

use rayon::prelude::*;

use crate::constraint::States;
use crate::processors::{Progress, penalize_log_probs, read_row, restrict};
use crate::step_model::{checked_step, reorder_if_changed};
use crate::top_k::{Candidate, TopK};
use crate::{
    BeamSearch, DecodingConfig, EarlyStopping, GenerateError, Hooks, Hypothesis, StepModel,
    StopReason,
};

/// Decodes each of `batch` sentences by beam search; see [`BeamSearch`] for the algorithm.
pub(crate) fn beam_search(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &DecodingConfig,
    options: &BeamSearch,
    mut hooks: Hooks<'_>,
) -> Result<Vec<Vec<Hypothesis>>, GenerateError> {
    let vocab_size = model.vocab_size();
    let search = Search { config, options };
    let mut sentences: Vec<Sentence> =
        (0..batch).map(|sentence| Sentence::new(sentence, config, &hooks)).collect();
    let mut live: Vec<&mut Sentence> = sentences.iter_mut().collect();
    let mut step = 0;
    while !live.is_empty() {
        let tokens: Vec<u32> = live.iter().flat_map(|sentence| sentence.last_tokens()).collect();
        let mut logits = checked_step(model, &tokens)?;
        let mut rows = advance_all(&mut live, &mut logits, vocab_size, search)?;
        let remaining = live.iter().filter(|sentence| !sentence.live.is_empty()).count();
        let flow = hooks.observe(step, &[], remaining);
        for (sentence, rows) in live.iter_mut().zip(&mut rows) {
            if flow.stops(sentence.number) {
                sentence.cancel(search);
                rows.clear();
            }
        }
        live.retain(|sentence| !sentence.live.is_empty());
        reorder_if_changed(model, &rows.concat(), tokens.len());
        step += 1;
    }
    Ok(sentences.into_iter().map(|sentence| sentence.into_best(options.n_best)).collect())
}

/// The options of a search.
#[derive(Clone, Copy)]
struct Search<'a> {
    config: &'a DecodingConfig,
    options: &'a BeamSearch,
}

/// Advances every sentence by one token; returns, for each sentence, the row of this step that each of its beams continues.
fn advance_all(
    sentences: &mut [&mut Sentence],
    mut logits: &mut [f32],
    vocab_size: usize,
    search: Search<'_>,
) -> Result<Vec<Vec<usize>>, GenerateError> {
    let mut jobs = Vec::with_capacity(sentences.len());
    let mut first_row = 0;
    for sentence in sentences {
        let rows = sentence.live.len();
        let (own, others) = logits.split_at_mut(rows * vocab_size);
        jobs.push((sentence, own, first_row));
        logits = others;
        first_row += rows;
    }
    let parents: Vec<Result<Vec<usize>, GenerateError>> = jobs
        .into_par_iter()
        .map(|(sentence, logits, first_row)| {
            let rows = logits.chunks_mut(vocab_size);
            let candidates = sentence.candidates(rows, first_row, search)?;
            let parents = sentence.advance(&candidates, search);
            Ok(parents.into_iter().map(|beam| first_row + beam).collect())
        })
        .collect();
    // Collecting in order returns the first error by row, independent of thread scheduling.
    parents.into_iter().collect()
}

/// An unfinished hypothesis.
struct Beam {
    /// The prompt and the generated tokens.
    path: Vec<u32>,
    states: States,
    log_prob: f32,
}

/// The beam search of one sentence.
struct Sentence {
    /// The index of the sentence in the batch.
    number: usize,
    max_len: usize,
    min_len: usize,
    prompt_len: usize,
    /// Best first; empty once the sentence is done.
    live: Vec<Beam>,
    /// Best first, at most one per beam.
    finished: Vec<Hypothesis>,
}

impl Sentence {
    fn new(number: usize, config: &DecodingConfig, hooks: &Hooks<'_>) -> Self {
        let (max_len, min_len) = (config.max_len.of(number), config.min_len.of(number));
        let path = config.prompt(number);
        let prompt_len = path.len();
        let states = States::start(hooks.constraints(), number, &path);
        let live = vec![Beam { path, states, log_prob: 0.0 }];
        Self { number, max_len, min_len, prompt_len, live, finished: Vec::new() }
    }

    /// The tokens of a path after the prompt.
    fn generated<'a>(&self, path: &'a [u32]) -> &'a [u32] {
        &path[self.prompt_len..]
    }

    fn last_tokens(&self) -> impl Iterator<Item = u32> {
        self.live.iter().map(|beam| beam.path[beam.path.len() - 1])
    }

    /// The best continuations of the live beams: enough of them that at least `beams` do not end with an end token.
    /// `first_row` is the row of the first beam in this step's batch.
    fn candidates<'a>(
        &self,
        rows: impl Iterator<Item = &'a mut [f32]>,
        first_row: usize,
        Search { config, options }: Search<'_>,
    ) -> Result<Vec<Candidate>, GenerateError> {
        let mut top = TopK::new((1 + config.eos_ids.len()).max(2) * options.beams);
        for (index, (beam, logits)) in self.live.iter().zip(rows).enumerate() {
            let Self { prompt_len, max_len, min_len, .. } = *self;
            let (step, row) = (beam.path.len() - prompt_len, first_row + index);
            let mut logits =
                read_row(logits, config).ok_or(GenerateError::InvalidLogits { step, row })?;
            penalize_log_probs(&mut logits, &beam.path, config.repetition_penalty);
            let (path, states) = (&beam.path, &beam.states);
            let progress = Progress { path, prompt_len, max_len, min_len, states };
            restrict(&mut logits, progress, config, row)?;
            top.offer(index, &logits, beam.log_prob);
        }
        Ok(top.into_best())
    }

    /// Finishes or extends beams with the candidates, best first; returns the beam that each new beam continues.
    fn advance(&mut self, candidates: &[Candidate], search: Search<'_>) -> Vec<usize> {
        let Search { config, options } = search;
        // Number of generated tokens, including the candidate's.
        let len = self.generated(&self.live[0].path).len() + 1;
        let mut beams = Vec::with_capacity(options.beams);
        let mut parents = Vec::with_capacity(options.beams);
        for (rank, candidate) in candidates.iter().enumerate() {
            let ends = config.eos_ids.contains(&candidate.token);
            if ends || len == self.max_len {
                if rank < options.beams {
                    let hypothesis = self.ended(candidate, ends, config);
                    self.keep(hypothesis, options);
                }
            } else if beams.len() < options.beams {
                beams.push(self.extended(candidate));
                parents.push(candidate.row);
            }
        }
        if beams.is_empty() && self.finished.is_empty() {
            // Every continuation is forbidden: return the beams as they are.
            self.finished = self.cut_off(StopReason::NoToken, config);
        }
        if self.is_done(beams.first(), len, search) {
            beams.clear();
            parents.clear();
        }
        self.live = beams;
        parents
    }

    /// The live beams as hypotheses.
    fn cut_off(&self, stop: StopReason, config: &DecodingConfig) -> Vec<Hypothesis> {
        let hypothesis = |beam: &Beam| {
            let tokens = self.generated(&beam.path);
            Hypothesis::new(tokens, beam.log_prob, config.length_penalty, stop)
        };
        self.live.iter().map(hypothesis).collect()
    }

    /// The beam that a candidate continues, extended by its token.
    fn extended(&self, candidate: &Candidate) -> Beam {
        let beam = &self.live[candidate.row];
        let path = [beam.path.as_slice(), &[candidate.token]].concat();
        Beam { path, states: beam.states.forked(candidate.token), log_prob: candidate.log_prob }
    }

    /// The hypothesis of a candidate that finishes its beam, with an end token or at the length limit.
    fn ended(&self, candidate: &Candidate, ends: bool, config: &DecodingConfig) -> Hypothesis {
        let mut tokens = self.generated(&self.live[candidate.row].path).to_vec();
        let stop = if ends {
            StopReason::EndToken(candidate.token)
        } else {
            tokens.push(candidate.token);
            StopReason::MaxLength
        };
        Hypothesis::new(&tokens, candidate.log_prob, config.length_penalty, stop)
    }

    /// Adds a finished hypothesis if it is among the best.
    fn keep(&mut self, hypothesis: Hypothesis, options: &BeamSearch) {
        let at = self.finished.partition_point(|kept| kept.score >= hypothesis.score);
        self.finished.insert(at, hypothesis);
        self.finished.truncate(options.beams);
    }

    /// Ends the search and ranks the live beams among the finished hypotheses.
    fn cancel(&mut self, Search { config, options }: Search<'_>) {
        for hypothesis in self.cut_off(StopReason::Cancelled, config) {
            self.keep(hypothesis, options);
        }
        self.live.clear();
    }

    /// Whether the search is done: no beams are left or, according to [`EarlyStopping`], none can improve on the
    /// finished hypotheses. `best` is the best beam, which has `len` tokens.
    fn is_done(&self, best: Option<&Beam>, len: usize, search: Search<'_>) -> bool {
        let Search { config, options } = search;
        let Some(best) = best else { return true };
        let Some(worst) = self.finished.last().filter(|_| self.finished.len() == options.beams)
        else {
            return false;
        };
        let grows = config.length_penalty.alpha() > 0.0;
        let best_len = match options.early_stopping {
            EarlyStopping::Full => return true,
            EarlyStopping::Never if grows => self.max_len,
            EarlyStopping::Heuristic | EarlyStopping::Never => len,
        };
        best.log_prob / config.length_penalty.divisor(best_len) <= worst.score
    }

    fn into_best(mut self, n_best: usize) -> Vec<Hypothesis> {
        self.finished.truncate(n_best);
        self.finished
    }
}
