//! The search for the batch size of `train.batch_tokens = "auto"`.

use crosshead_kernels::{Mode, RandomKey};
use crosshead_train::Task as _;
use crosshead_weights::parameters;

use super::{initial_model, length, memory};
use crate::host::{Event, Events};
use crate::job::{Job, Setup};
use crate::recipe::{BatchTokens, InvalidKey, TrainSection};
use crate::{Recipe, RunError};

/// The share of the memory that a step may use.
const SHARE: f64 = 0.8;

/// The sizes that are measured first.
const PROBES: [usize; 2] = [1000, 4000];

/// Sizes are multiples of this number of tokens.
const UNIT: usize = 500;

/// An epoch has at least this number of batches, so that a small corpus still gets enough steps.
const BATCHES: usize = 100;

/// Floats per parameter that a step needs besides the weights and the gradients of a batch: two moments, their sum over batches,
/// and an average.
const STATE: u64 = 4;

/// The recipe of a run that is started or resumed. A resumed run keeps its number of tokens per batch.
pub(super) fn kept(recipe: &Recipe, before: Option<&Recipe>) -> Recipe {
    let before = before.and_then(|before| before.train().batch_tokens);
    if let (Some(BatchTokens::Auto), Some(BatchTokens::Tokens(tokens))) =
        (recipe.train().batch_tokens, before)
    {
        return recipe.with_train(with_tokens(recipe.train(), tokens));
    }
    recipe.clone()
}

/// The recipe with the number of tokens per batch that fits into the memory, if it asks for it.
///
/// The memory of a step grows linearly with the batch, so it is measured at two sizes and extrapolated; the result is measured
/// again and reduced until it fits.
///
/// # Errors
/// If the memory cannot be measured.
pub(super) fn resolved<J: Job>(
    recipe: &Recipe,
    job: &J,
    setup: &Setup<'_>,
    events: &mut dyn Events,
) -> Result<Recipe, RunError> {
    let train = recipe.train();
    if train.batch_tokens != Some(BatchTokens::Auto) {
        return Ok(recipe.clone());
    }
    let unknown = || {
        let reason = "\"auto\" measures the memory of the process, which works on Linux with the default device; give a number";
        RunError::from(InvalidKey::new("train.batch_tokens", reason))
    };
    if !crosshead_kernels::has_fused_operations(setup.device) {
        return Err(unknown());
    }
    let limit = memory::limit().ok_or_else(unknown)?;
    let model = initial_model(job, recipe, setup, &mut Silent)?;
    let shapes = parameters::shapes(&model);
    let parameters: usize = shapes.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let state = STATE * 4 * parameters as u64;
    let room = (SHARE * limit as f64) as u64;
    let mut measure = |tokens: usize| {
        let peak = memory::peak(|| step(job, &with_tokens(train, tokens), &model));
        events.on_event(Event::Message(format!("batch_tokens: measured {tokens}")));
        peak.map(|peak| peak + state).ok_or_else(unknown)
    };
    let [small, large] = PROBES;
    let (at_small, at_large) = (measure(small)?, measure(large)?);
    let largest = length::epoch(job, &with_tokens(train, small)).tokens as usize / BATCHES;
    let fitting = extrapolate([(small, at_small), (large, at_large)], room);
    let mut tokens = (fitting.min(largest) / UNIT * UNIT).max(UNIT);
    while tokens > UNIT && tokens > large && measure(tokens)? > room {
        tokens = (tokens * 3 / 4 / UNIT * UNIT).max(UNIT);
    }
    events.on_event(Event::Message(format!(
        "batch_tokens: {tokens} (a step may use {} MB)",
        room >> 20
    )));
    Ok(recipe.with_train(with_tokens(train, tokens)))
}

fn with_tokens(train: &TrainSection, tokens: usize) -> TrainSection {
    TrainSection { batch_tokens: Some(BatchTokens::Tokens(tokens)), ..train.clone() }
}

/// The size at which the line through two measurements of (tokens, bytes) reaches `room`.
fn extrapolate([(small, at_small), (large, at_large)]: [(usize, u64); 2], room: u64) -> usize {
    let bytes_per_token = at_large.saturating_sub(at_small) as f64 / (large - small) as f64;
    let left = room as f64 - at_small as f64;
    // A batch that needs no measurable memory is limited by the epoch alone.
    (small as f64 + left / bytes_per_token.max(1.0)).max(0.0) as usize
}

/// Computes the gradients of the batch with the most tokens.
fn step<J: Job>(job: &J, train: &TrainSection, model: &J::Model) {
    let task = job.task();
    let batches = job.batching(train).epoch(train.seed, 0);
    let Some(batch) = batches.iter().max_by_key(|batch| task.tokens(batch)) else { return };
    let mode = Mode::Train(RandomKey::new(train.seed).stream("memory"));
    drop(task.loss(model, batch, mode).backward());
}

/// Ignores events: the model is built again when the run starts.
struct Silent;

impl Events for Silent {
    fn on_event(&mut self, _: Event<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_follows_from_two_measurements() {
        // 100 bytes and 2 per token: 10,100 bytes at 5,000 tokens.
        let line = |tokens: usize| (tokens, 100 + 2 * tokens as u64);
        assert_eq!(extrapolate([line(1000), line(4000)], 10_100), 5000);
        assert_eq!(extrapolate([line(1000), line(4000)], 1100), 500);
        assert_eq!(extrapolate([line(1000), line(4000)], 10), 0);
    }
}
