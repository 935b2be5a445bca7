//! The loop of searches that follow one path per sequence.

use rayon::prelude::*;

use crate::constraints::{Progress, ban_tokens, penalize_logits, read_row};
use crate::logits::LogitRow;
use crate::step_model::{checked_step, reorder_if_changed};
use crate::{GenerateConfig, GenerateError, Hypothesis, StepModel};

/// Where a path stands when its next token is chosen.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    /// Number of the sequence in the batch.
    pub(crate) sequence: usize,
    /// Number of tokens generated so far.
    pub(crate) step: usize,
}

/// Extends each of `batch` sequences by the token that `choose` picks from its row, until all have ended.
///
/// `choose` returns `None` when no token is possible; the sequence is then cut off.
pub(crate) fn follow_one_path(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &GenerateConfig,
    choose: impl Fn(&LogitRow, Position) -> Option<u32> + Sync,
) -> Result<Vec<Hypothesis>, GenerateError> {
    let vocab_size = model.vocab_size();
    config.check(batch, vocab_size)?;
    let mut paths: Vec<Path> = (0..batch).map(|sequence| Path::new(sequence, config)).collect();
    let mut live: Vec<&mut Path> = paths.iter_mut().collect();
    while !live.is_empty() {
        let tokens: Vec<u32> = live.iter().map(|path| path.last_token()).collect();
        let mut logits = checked_step(model, &tokens)?;
        let steps: Vec<_> = live
            .par_iter_mut()
            .zip(logits.par_chunks_mut(vocab_size))
            .enumerate()
            .map(|(row, (path, logits))| path.advance(row, logits, config, &choose))
            .collect();
        steps.into_iter().collect::<Result<(), _>>()?;
        let rows: Vec<usize> = (0..live.len()).filter(|&row| live[row].end.is_none()).collect();
        live.retain(|path| path.end.is_none());
        reorder_if_changed(model, &rows, tokens.len());
    }
    Ok(paths.into_iter().map(|path| path.into_hypothesis(config)).collect())
}

/// How a path ended.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// With this end token.
    Finished(u32),
    /// At the length limit, or because no token was possible.
    CutOff,
}

struct Path {
    sequence: usize,
    max_len: usize,
    min_len: usize,
    prompt_len: usize,
    /// The prompt and what follows it.
    tokens: Vec<u32>,
    log_prob: f32,
    end: Option<End>,
}

impl Path {
    fn new(sequence: usize, config: &GenerateConfig) -> Self {
        let (max_len, min_len) = (config.max_len.of(sequence), config.min_len.of(sequence));
        let tokens = config.prompt(sequence);
        let prompt_len = tokens.len();
        Self { sequence, max_len, min_len, prompt_len, tokens, log_prob: 0.0, end: None }
    }

    fn last_token(&self) -> u32 {
        self.tokens[self.tokens.len() - 1]
    }

    fn advance(
        &mut self,
        row: usize,
        logits: &mut [f32],
        config: &GenerateConfig,
        choose: impl Fn(&LogitRow, Position) -> Option<u32>,
    ) -> Result<(), GenerateError> {
        let position =
            Position { sequence: self.sequence, step: self.tokens.len() - self.prompt_len };
        penalize_logits(logits, &self.tokens, config.repetition_penalty);
        let mut logits = read_row(logits, config)
            .ok_or(GenerateError::InvalidLogits { step: position.step, row })?;
        let Self { prompt_len, max_len, min_len, .. } = *self;
        let progress = Progress { path: &self.tokens, prompt_len, max_len, min_len };
        ban_tokens(&mut logits, progress, config);
        let Some(token) = choose(&logits, position) else {
            self.end = Some(End::CutOff);
            return Ok(());
        };
        self.log_prob += logits.log_prob(token);
        if config.eos_ids.contains(&token) {
            self.end = Some(End::Finished(token));
        } else {
            self.tokens.push(token);
            self.end = (position.step + 1 == self.max_len).then_some(End::CutOff);
        }
        Ok(())
    }

    fn into_hypothesis(self, config: &GenerateConfig) -> Hypothesis {
        let end = match self.end {
            Some(End::Finished(token)) => Some(token),
            Some(End::CutOff) | None => None,
        };
        let tokens = &self.tokens[self.prompt_len..];
        Hypothesis::new(tokens, self.log_prob, config.length_penalty, end)
    }
}
