//! The decoding loop of greedy decoding and sampling, which keep a single path per sequence.

use rayon::prelude::*;

use crate::constraint::States;
use crate::hypothesis::{Alternatives, Trace};
use crate::logits::LogitRow;
use crate::loop_guard::loop_start;
use crate::penalties::{History, penalize_logits};
use crate::processors::{Progress, Scores, read_row, restrict};
use crate::step_model::{checked_step, reorder_if_changed};
use crate::top_k::alternatives;
use crate::{
    DecodingConfig, GenerateError, Hooks, Hypothesis, StepModel, StepToken, StopReason, StopRule,
};

/// Where the next token goes.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    /// Index of the sequence in the batch.
    pub(crate) sequence: usize,
    /// Number of tokens generated so far.
    pub(crate) step: usize,
}

/// Extends each of `batch` sequences with the token that `choose` picks from its logits, until all have ended.
///
/// `choose` returns `None` if every token is forbidden; the sequence then ends.
pub(crate) fn decode_single_path(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &DecodingConfig,
    mut hooks: Hooks<'_>,
    choose: impl Fn(&LogitRow, Position) -> Option<u32> + Sync,
) -> Result<Vec<Hypothesis>, GenerateError> {
    let vocab_size = model.vocab_size();
    let mut paths: Vec<Path> =
        (0..batch).map(|sequence| Path::new(sequence, config, &hooks)).collect();
    let search = Search { config, stop_rule: hooks.stop_rule() };
    let mut live: Vec<&mut Path> = paths.iter_mut().collect();
    let mut step = 0;
    while !live.is_empty() {
        let tokens: Vec<u32> = live.iter().map(|path| path.last_token()).collect();
        let mut logits = checked_step(model, &tokens)?;
        let chosen: Vec<Result<Option<Chosen>, GenerateError>> = live
            .par_iter_mut()
            .zip(logits.par_chunks_mut(vocab_size))
            .enumerate()
            .map(|(row, (path, logits))| path.advance(row, logits, search, &choose))
            .collect();
        let chosen: Vec<Option<Chosen>> = chosen.into_iter().collect::<Result<_, _>>()?;
        let (chosen, others): (Vec<StepToken>, Vec<Option<Alternatives>>) =
            chosen.into_iter().flatten().unzip();
        let others: Vec<Alternatives> = others.into_iter().flatten().collect();
        let remaining = live.iter().filter(|path| path.stop.is_none()).count();
        let (flow, reason) = hooks.after_step(step, &chosen, &others, remaining);
        for path in live.iter_mut().filter(|path| flow.stops(path.sequence)) {
            path.stop.get_or_insert(reason);
        }
        let rows: Vec<usize> = (0..live.len()).filter(|&row| live[row].stop.is_none()).collect();
        live.retain(|path| path.stop.is_none());
        reorder_if_changed(model, &rows, tokens.len());
        step += 1;
    }
    Ok(paths.into_iter().map(|path| path.into_hypothesis(config)).collect())
}

/// A chosen token, and the most probable ones at its position if they are recorded.
pub(crate) type Chosen = (StepToken, Option<Alternatives>);

/// The options of a search.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a> {
    pub(crate) config: &'a DecodingConfig,
    pub(crate) stop_rule: Option<&'a dyn StopRule>,
}

/// One sequence.
pub(crate) struct Path {
    pub(crate) sequence: usize,
    /// The number of consecutive copies of an n-gram that it may have, if that is limited.
    allowed_copies: Option<usize>,
    pub(crate) max_len: usize,
    min_len: usize,
    pub(crate) prompt_len: usize,
    /// The prompt and the generated tokens.
    pub(crate) tokens: Vec<u32>,
    states: States,
    trace: Trace,
    pub(crate) stop: Option<StopReason>,
}

impl Path {
    pub(crate) fn new(sequence: usize, config: &DecodingConfig, hooks: &Hooks<'_>) -> Self {
        let tokens = config.prompt(sequence);
        Self {
            sequence,
            allowed_copies: config.allowed_copies(sequence),
            max_len: config.max_len.of(sequence),
            min_len: config.min_len.of(sequence),
            prompt_len: tokens.len(),
            states: States::start(hooks.constraints(), sequence, &tokens),
            tokens,
            trace: Trace::default(),
            stop: None,
        }
    }

    pub(crate) fn last_token(&self) -> u32 {
        self.tokens[self.tokens.len() - 1]
    }

    /// Appends the next token, unless every token is forbidden.
    pub(crate) fn advance(
        &mut self,
        row: usize,
        logits: &mut [f32],
        Search { config, stop_rule }: Search<'_>,
        choose: impl Fn(&LogitRow, Position) -> Option<u32>,
    ) -> Result<Option<Chosen>, GenerateError> {
        let position =
            Position { sequence: self.sequence, step: self.tokens.len() - self.prompt_len };
        let source = config.source(self.sequence);
        penalize_logits(logits, History { path: &self.tokens, source }, config);
        let mut logits = read_row(logits, config)
            .ok_or(GenerateError::InvalidLogits { step: position.step, row })?;
        let Self { prompt_len, max_len, min_len, ref states, .. } = *self;
        let (path, scores) = (&self.tokens, Scores::Logits);
        let progress = Progress { path, prompt_len, max_len, min_len, states, source, scores };
        restrict(&mut logits, progress, config, row)?;
        let Some(token) = choose(&logits, position) else {
            self.stop = Some(StopReason::NoToken);
            return Ok(None);
        };
        let (log_prob, others) =
            (logits.log_prob(token), alternatives(config.alternatives, &logits));
        self.trace.push(log_prob, others.clone());
        if config.eos_ids.contains(&token) {
            self.stop = Some(StopReason::EndToken(token));
        } else {
            self.tokens.push(token);
            self.states.advance(token);
            self.stop = self.stop_after_token(stop_rule);
        }
        let chosen = StepToken { sequence: self.sequence, token, log_prob, stop: self.stop };
        Ok(Some((chosen, others)))
    }

    /// Why the sequence ends with its last token, if it does. A loop is cut.
    fn stop_after_token(&mut self, stop_rule: Option<&dyn StopRule>) -> Option<StopReason> {
        let generated = &self.tokens[self.prompt_len..];
        let cut = self.allowed_copies.and_then(|allowed| loop_start(generated, allowed));
        if let Some(len) = cut {
            self.tokens.truncate(self.prompt_len + len);
            self.trace.truncate(len);
            return Some(StopReason::Loop);
        }
        if stop_rule.is_some_and(|rule| rule.stops(self.sequence, &self.tokens)) {
            return Some(StopReason::StopRule);
        }
        (generated.len() == self.max_len).then_some(StopReason::MaxLength)
    }

    pub(crate) fn into_hypothesis(self, config: &DecodingConfig) -> Hypothesis {
        let tokens = &self.tokens[self.prompt_len..];
        let stop = self.stop.expect("decoding ends once every sequence has ended");
        Hypothesis::new(tokens, self.trace, config.length_penalty, stop)
    }
}
