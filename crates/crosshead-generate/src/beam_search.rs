//! Beam search.

use rayon::prelude::*;

use crate::constraints::{Progress, ban_tokens, penalize_log_probs, read_row};
use crate::step_model::{checked_step, reorder_if_changed};
use crate::top_k::{Candidate, TopK};
use crate::{EarlyStopping, GenerateConfig, GenerateError, Hypothesis, StepModel};

/// Searches for the most probable sequences of each of `batch` sentences, following `config.beams` of each at once, and
/// returns the `config.n_best` best of each, best first.
///
/// At each step the `2 · beams` best continuations of a sentence's live beams are ranked by log-probability (`(1 + n) ·
/// beams` where there are n > 1 end tokens). Those with an end token among the first `beams` become finished hypotheses,
/// of which the `beams` best by score are kept; the first `beams` of the others live on. At the length limit the first
/// `beams` continuations are kept as they are. The tokens and scores are those of `generate(num_beams=…)` of transformers
/// 5; of equally good continuations the one of the better beam, then the one with the lower token id, goes first.
///
/// The model starts with one row per sentence and is reordered to the live beams after the first step; rows of
/// sentences that are done are dropped. Results are in the order of the input and do not depend on the number of
/// threads. Fewer than `n_best` hypotheses are returned where fewer exist.
///
/// # Errors
/// If an option is out of range, or the model's logits are of the wrong number or have no softmax.
pub fn beam_search(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &GenerateConfig,
) -> Result<Vec<Vec<Hypothesis>>, GenerateError> {
    let vocab_size = model.vocab_size();
    config.check(batch, vocab_size)?;
    config.check_beams()?;
    let mut sentences: Vec<Sentence> =
        (0..batch).map(|sentence| Sentence::new(sentence, config)).collect();
    let mut live: Vec<&mut Sentence> = sentences.iter_mut().collect();
    let mut step = 0;
    while !live.is_empty() {
        let tokens: Vec<u32> = live.iter().flat_map(|sentence| sentence.last_tokens()).collect();
        let mut logits = checked_step(model, &tokens)?;
        let rows = advance_all(&mut live, &mut logits, vocab_size, step, config)?;
        live.retain(|sentence| !sentence.live.is_empty());
        reorder_if_changed(model, &rows, tokens.len());
        step += 1;
    }
    Ok(sentences.into_iter().map(|sentence| sentence.into_best(config.n_best)).collect())
}

/// Advances every sentence by one token; returns the row of this step that each row of the next one continues.
fn advance_all(
    sentences: &mut [&mut Sentence],
    mut logits: &mut [f32],
    vocab_size: usize,
    step: usize,
    config: &GenerateConfig,
) -> Result<Vec<usize>, GenerateError> {
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
            let candidates = sentence
                .candidates(rows, config)
                .map_err(|beam| GenerateError::InvalidLogits { step, row: first_row + beam })?;
            let parents = sentence.advance(&candidates, config);
            Ok(parents.into_iter().map(|beam| first_row + beam).collect())
        })
        .collect();
    // The first error in the order of rows, whichever thread was first.
    let parents: Vec<Vec<usize>> = parents.into_iter().collect::<Result<_, _>>()?;
    Ok(parents.concat())
}

/// A sequence that may still grow.
struct Beam {
    /// The prompt and what follows it.
    path: Vec<u32>,
    log_prob: f32,
}

/// The search for one sentence.
struct Sentence {
    max_len: usize,
    min_len: usize,
    prompt_len: usize,
    /// Best first; empty when the sentence is done.
    live: Vec<Beam>,
    /// Best first, at most as many as there are beams.
    finished: Vec<Hypothesis>,
}

impl Sentence {
    fn new(sentence: usize, config: &GenerateConfig) -> Self {
        let (max_len, min_len) = (config.max_len.of(sentence), config.min_len.of(sentence));
        let path = config.prompt(sentence);
        let prompt_len = path.len();
        let live = vec![Beam { path, log_prob: 0.0 }];
        Self { max_len, min_len, prompt_len, live, finished: Vec::new() }
    }

    /// The tokens of a path behind the prompt.
    fn generated<'a>(&self, path: &'a [u32]) -> &'a [u32] {
        &path[self.prompt_len..]
    }

    fn last_tokens(&self) -> impl Iterator<Item = u32> {
        self.live.iter().map(|beam| beam.path[beam.path.len() - 1])
    }

    /// The best continuations of the live beams, so many that at least `beams` of them go on even if each beam ends in
    /// every way there is. The error is the number of a beam whose logits have no softmax.
    fn candidates<'a>(
        &self,
        rows: impl Iterator<Item = &'a mut [f32]>,
        config: &GenerateConfig,
    ) -> Result<Vec<Candidate>, usize> {
        let mut top = TopK::new((1 + config.eos_ids.len()).max(2) * config.beams);
        for (number, (beam, logits)) in self.live.iter().zip(rows).enumerate() {
            let mut logits = read_row(logits, config).ok_or(number)?;
            penalize_log_probs(&mut logits, &beam.path, config.repetition_penalty);
            let Self { prompt_len, max_len, min_len, .. } = *self;
            let progress = Progress { path: &beam.path, prompt_len, max_len, min_len };
            ban_tokens(&mut logits, progress, config);
            top.offer(number, &logits, beam.log_prob);
        }
        Ok(top.into_best())
    }

    /// Ends or extends beams by the candidates, best first; returns the beam that each new one continues.
    fn advance(&mut self, candidates: &[Candidate], config: &GenerateConfig) -> Vec<usize> {
        // Tokens behind the prompt, with those of the candidates.
        let len = self.generated(&self.live[0].path).len() + 1;
        let mut beams = Vec::with_capacity(config.beams);
        let mut parents = Vec::with_capacity(config.beams);
        for (rank, candidate) in candidates.iter().enumerate() {
            let ends = config.eos_ids.contains(&candidate.token);
            if ends || len == self.max_len {
                if rank < config.beams {
                    self.finish(candidate, ends, config);
                }
            } else if beams.len() < config.beams {
                beams.push(self.extended(candidate));
                parents.push(candidate.row);
            }
        }
        if beams.is_empty() && self.finished.is_empty() {
            // Every continuation is forbidden: what there is has to do.
            let cut_off = |beam: &Beam| {
                let tokens = self.generated(&beam.path);
                Hypothesis::new(tokens, beam.log_prob, config.length_penalty, None)
            };
            self.finished = self.live.iter().map(cut_off).collect();
        }
        if self.is_done(beams.first(), len, config) {
            beams.clear();
            parents.clear();
        }
        self.live = beams;
        parents
    }

    fn extended(&self, candidate: &Candidate) -> Beam {
        let mut path = self.live[candidate.row].path.clone();
        path.push(candidate.token);
        Beam { path, log_prob: candidate.log_prob }
    }

    /// Keeps a continuation as a hypothesis if it is among the best.
    fn finish(&mut self, candidate: &Candidate, ends: bool, config: &GenerateConfig) {
        let penalty = config.length_penalty;
        let hypothesis = if ends {
            let tokens = self.generated(&self.live[candidate.row].path);
            Hypothesis::new(tokens, candidate.log_prob, penalty, Some(candidate.token))
        } else {
            let path = self.extended(candidate).path;
            Hypothesis::new(self.generated(&path), candidate.log_prob, penalty, None)
        };
        let at = self.finished.partition_point(|kept| kept.score >= hypothesis.score);
        self.finished.insert(at, hypothesis);
        self.finished.truncate(config.beams);
    }

    /// Whether the beams, the best of which has `len` tokens, cannot or need not improve the finished hypotheses.
    fn is_done(&self, best: Option<&Beam>, len: usize, config: &GenerateConfig) -> bool {
        let Some(best) = best else { return true };
        let Some(worst) = self.finished.last().filter(|_| self.finished.len() == config.beams)
        else {
            return false;
        };
        let grows = config.length_penalty.alpha() > 0.0;
        let best_len = match config.early_stopping {
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
