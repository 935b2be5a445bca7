//! The length of a run whose recipe counts epochs or tokens.

use crosshead_train::Task as _;

use crate::Recipe;
use crate::host::{Event, Events};
use crate::job::Job;
use crate::recipe::{Epoch, TrainSection};

/// The recipe with the steps that its epochs and tokens amount to on the data of a job. A resumed run keeps its steps, unless the
/// recipe has another length.
pub(super) fn resolved<J: Job>(
    recipe: &Recipe,
    before: Option<&TrainSection>,
    job: &J,
    events: &mut dyn Events,
) -> Recipe {
    let train = recipe.train();
    if !train.counts_data() {
        return recipe.with_train(TrainSection { resolved: None, ..train.clone() });
    }
    let kept = before.filter(|before| {
        let length = |train: &TrainSection| (train.epochs, train.tokens, train.warmup_tokens);
        before.resolved.is_some() && length(before) == length(train)
    });
    if let Some(before) = kept {
        return recipe.with_train(TrainSection { resolved: before.resolved, ..train.clone() });
    }
    let epoch = epoch(job, train);
    let train = train.resolved_for(epoch);
    let Epoch { batches, tokens } = epoch;
    events.on_event(Event::Message(format!(
        "length: {} steps ({batches} batches and {tokens} tokens an epoch)",
        train.steps(),
    )));
    recipe.with_train(train)
}

/// The first epoch on the data of a job.
pub(super) fn epoch<J: Job>(job: &J, train: &TrainSection) -> Epoch {
    let task = job.task();
    let batches = job.batching(train).epoch(train.seed, 0);
    let tokens = batches.iter().map(|batch| task.tokens(batch) as u64).sum();
    Epoch { batches: batches.len(), tokens }
}
