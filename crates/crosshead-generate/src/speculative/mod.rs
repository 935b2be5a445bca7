//! Speculative decoding: greedy decoding that checks several drafted tokens in one pass of the model.

mod draft_model;
mod lookup;

pub use draft_model::DraftModel;
pub use lookup::PromptLookup;

use std::slice;

use crate::config::out_of_range;
use crate::greedy::most_probable;
use crate::single_path::{Chosen, Path, Search};
use crate::step_model::checked_steps;
use crate::{DecodingConfig, GenerateError, Hooks, Hypothesis, Rollback, Strategy};

/// Guesses the next tokens of a sequence for [`decode_speculatively`]. Wrong guesses cost time, but do not change the result.
pub trait Drafter {
    /// The tokens that probably follow; none if there is no good guess. Those after the first `so_far.room` are not used.
    fn draft(&mut self, so_far: SoFar<'_>) -> Vec<u32>;
}

/// A sequence that is being decoded.
#[derive(Clone, Copy, Debug)]
pub struct SoFar<'a> {
    /// Index of the sequence in the batch.
    pub sequence: usize,
    /// The prompt, or start token, and the generated tokens.
    pub path: &'a [u32],
    /// Number of tokens of the prompt.
    pub prompt_len: usize,
    /// The source, if the configuration has one.
    pub source: &'a [u32],
    /// The number of drafted tokens that can be checked in the next pass.
    pub room: usize,
}

/// How many tokens were drafted for a sequence, and how many of them were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DraftCounts {
    /// The number of passes of the model.
    pub passes: usize,
    /// The number of drafted tokens that it checked.
    pub drafted: usize,
    /// The number of drafted tokens that are a part of the sequence.
    pub accepted: usize,
}

impl DraftCounts {
    /// The number of drafted tokens that were accepted in a pass, on average.
    pub fn accepted_per_pass(&self) -> f64 {
        self.accepted as f64 / self.passes.max(1) as f64
    }
}

impl std::ops::AddAssign for DraftCounts {
    fn add_assign(&mut self, other: Self) {
        self.passes += other.passes;
        self.drafted += other.drafted;
        self.accepted += other.accepted;
    }
}

/// Greedy decoding with drafts (Leviathan et al., *Fast Inference from Transformers via Speculative Decoding*, 2023).
///
/// In each pass, the model is fed the last token and the drafted ones. Drafted tokens are kept as long as they are those that
/// greedy decoding would choose, so each pass extends the sequence by at least one token. The hypotheses equal those of
/// [`decode`](crate::decode), as far as the model computes the same logits for several tokens in one pass
/// ([`StepModel::step_many`](crate::StepModel::step_many)) as for one after the other. With a model whose logits differ in their
/// last bits, another token can be chosen where the two most probable ones are equal up to these bits.
///
/// Sequences are decoded one after the other, because each accepts its own number of tokens. `start` returns the model for
/// a sequence of the batch, with one row. The observer is called for each token, as in greedy decoding of one sequence.
///
/// # Errors
/// As [`decode`](crate::decode), and if the strategy is not [`Strategy::Greedy`].
pub fn decode_speculatively<M: Rollback>(
    mut start: impl FnMut(usize) -> M,
    batch: usize,
    config: &DecodingConfig,
    drafter: &mut (impl Drafter + ?Sized),
    mut hooks: Hooks<'_>,
) -> Result<Vec<(Hypothesis, DraftCounts)>, GenerateError> {
    let strategy = match config.strategy {
        Strategy::Greedy => None,
        Strategy::BeamSearch(_) => Some("beam search"),
        Strategy::Sampling(_) => Some("sampling"),
    };
    if let Some(strategy) = strategy {
        return Err(out_of_range("strategy", strategy, "greedy decoding if tokens are drafted"));
    }
    let mut first = (batch > 0).then(|| start(0));
    if let Some(model) = &first {
        config.check(batch, model.vocab_size())?;
    }
    let mut paths: Vec<Path> =
        (0..batch).map(|sequence| Path::new(sequence, config, &hooks)).collect();
    let mut counts = vec![DraftCounts::default(); batch];
    let search = Search { config, stop_rule: hooks.stop_rule() };
    let mut step = 0;
    for sequence in 0..batch {
        let mut model = first.take().unwrap_or_else(|| start(sequence));
        while paths[sequence].stop.is_none() {
            let mut on_token = |paths: &mut [Path], chosen: Option<&Chosen>| {
                let live = paths.iter().filter(|path| path.stop.is_none()).count();
                let token = chosen.map_or(&[][..], |(token, _)| slice::from_ref(token));
                let others = chosen.and_then(|(_, others)| others.as_ref());
                let others = others.map_or(&[][..], slice::from_ref);
                let (flow, reason) = hooks.after_step(step, token, others, live);
                for path in paths.iter_mut().filter(|path| flow.stops(path.sequence)) {
                    path.stop.get_or_insert(reason);
                }
                step += 1;
            };
            counts[sequence] +=
                pass(&mut model, &mut paths, sequence, drafter, search, &mut on_token)?;
        }
    }
    let found = paths.into_iter().map(|path| path.into_hypothesis(config));
    Ok(found.zip(counts).collect())
}

/// Extends a sequence by one pass of the model. `on_token` is called after each token.
fn pass(
    model: &mut impl Rollback,
    paths: &mut [Path],
    sequence: usize,
    drafter: &mut (impl Drafter + ?Sized),
    search: Search<'_>,
    on_token: &mut dyn FnMut(&mut [Path], Option<&Chosen>),
) -> Result<DraftCounts, GenerateError> {
    let vocab_size = model.vocab_size();
    let drafted = drafts(&paths[sequence], model.room(), vocab_size, drafter, search.config);
    let tokens = [&[paths[sequence].last_token()], drafted.as_slice()].concat();
    let mut logits = checked_steps(model, &tokens)?;
    let mut kept = 0;
    for logits in logits.chunks_mut(vocab_size) {
        let chosen = paths[sequence].advance(0, logits, search, most_probable)?;
        on_token(paths, chosen.as_ref());
        kept += 1;
        let is_right = chosen.map(|(chosen, _)| chosen.token) == drafted.get(kept - 1).copied();
        if paths[sequence].stop.is_some() || !is_right {
            break;
        }
    }
    model.rollback(tokens.len() - kept);
    Ok(DraftCounts { passes: 1, drafted: drafted.len(), accepted: kept - 1 })
}

/// The tokens to check in the next pass.
fn drafts(
    path: &Path,
    room: usize,
    vocab_size: usize,
    drafter: &mut (impl Drafter + ?Sized),
    config: &DecodingConfig,
) -> Vec<u32> {
    let (sequence, prompt_len) = (path.sequence, path.prompt_len);
    // Each pass also feeds the last token, and finds one more.
    let left = path.max_len - (path.tokens.len() - prompt_len);
    let room = room.min(left).saturating_sub(1);
    if room == 0 {
        return Vec::new();
    }
    let source = config.source(sequence);
    let so_far = SoFar { sequence, path: &path.tokens, prompt_len, source, room };
    let mut drafted = drafter.draft(so_far);
    drafted.truncate(room);
    let known = drafted.iter().take_while(|&&token| (token as usize) < vocab_size).count();
    drafted.truncate(known);
    drafted
}
