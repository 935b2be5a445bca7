//! The run of a recipe, from text to a model directory: the same for every task.

mod directory;
mod length;
mod memory;
mod memory_fit;
mod observer;
mod resume;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use crosshead_data::BatchStream;
use crosshead_train::{
    CheckpointStore, EventLog, Outcome, RunLog, SnapshotStore, TrainError, Trainer,
};

use crate::checkpointing::Checkpointing as _;
use crate::curves::write_curves_of;
use crate::host::{Event, Events, Host};
use crate::job::{Job, Setup, Visitor};
use crate::recipe::TrainSection;
use crate::report::Report;
use crate::{Recipe, RunError, adapter, parameters};
use observer::{EVENTS, LOG, RunObserver};

/// The result of a finished run.
#[derive(Debug)]
pub struct Summary {
    /// The directory of the best model.
    pub model: PathBuf,
    /// Seconds spent in training steps.
    pub train_seconds: f64,
    /// The evaluation of the best model on the test data, if the recipe has any.
    pub test: Option<Report>,
}

/// Runs a recipe in a run directory: trains tokenizer and model, saves the best model and evaluates it on the test data.
///
/// Without `resume`, the directory must not contain a run; with it, the run continues from its last checkpoint. Returns
/// `None` if a stop was requested, after saving a checkpoint. The test at the end is not stopped: see [`Stop::is_only_testing`](crate::Stop::is_only_testing).
///
/// # Errors
/// If the recipe does not fit the data or the run in the directory, a file cannot be read or written, or training diverges.
pub fn train(
    recipe: &Recipe,
    dir: &Path,
    resume: bool,
    device: &Device,
    host: Host<'_>,
) -> Result<Option<Summary>, RunError> {
    let present = directory::present(dir, resume)?;
    let recipe = memory_fit::kept(recipe, present.as_ref()).completed(present.as_ref())?;
    let recipe = &recipe;
    if let Some(present) = &present {
        directory::check(dir, &present.completed(Some(present))?, recipe)?;
    }
    let before = present.as_ref().map(Recipe::train);
    let setup = Setup { dir, resume, device, assets: host.assets };
    recipe.visit(Run { recipe, before, setup, host })
}

/// A run of a recipe.
struct Run<'a, 'h> {
    recipe: &'a Recipe,
    /// The `[train]` section of the run that is being resumed.
    before: Option<&'a TrainSection>,
    setup: Setup<'a>,
    host: Host<'h>,
}

impl Visitor for Run<'_, '_> {
    type Output = Result<Option<Summary>, RunError>;

    fn visit<J: Job>(self, sections: &J::Recipe) -> Self::Output {
        let Self { recipe, before, setup, host } = self;
        run::<J>(sections, recipe, before, &setup, host)
    }
}

fn run<J: Job>(
    sections: &J::Recipe,
    recipe: &Recipe,
    before: Option<&TrainSection>,
    setup: &Setup<'_>,
    host: Host<'_>,
) -> Result<Option<Summary>, RunError> {
    let Host { events, stop, .. } = host;
    let job = J::load(sections, setup, events)?;
    let recipe = &memory_fit::resolved(recipe, &job, setup, events)?;
    let recipe = &length::resolved(recipe, before, &job, events);
    let train = recipe.train();
    let checkpoints = CheckpointStore::new(&setup.dir.join("checkpoints"))
        .with_keep(NonZeroUsize::new(train.keep).unwrap_or(NonZeroUsize::MIN));
    let snapshots = SnapshotStore::new(&setup.dir.join("snapshots"));
    directory::write_recipe(setup.dir, recipe)?;
    let model = initial_model(&job, recipe, setup, events)?;
    let adjustments = parameters::adjustments(&model, train)?;
    let task = job.task();
    let batches = BatchStream::new(job.batching(train), train.seed);
    // A checkpoint of an adapter does not contain its base model.
    let has_adapter = recipe.lora().is_some();
    let is_saved = move |path: &str| !has_adapter || adapter::is_trained(J::HEAD, path);
    let mut trainer = Trainer::new(&task, train.config(), batches, model)
        .with_adjustments(adjustments)
        .with_snapshots(snapshots.clone())
        .with_saved(&is_saved);
    if let Some(restored) = if setup.resume { checkpoints.load_latest()? } else { None } {
        let wrong = |error: TrainError| RunError::Run {
            dir: setup.dir.to_owned(),
            reason: error.to_string(),
        };
        trainer = trainer.resume(restored.checkpoint).map_err(wrong)?;
        let step = trainer.progress().step;
        for error in restored.damaged {
            let message = format!("warning: {error}; resuming from step {step} instead");
            events.on_event(Event::Message(message));
        }
        events.on_event(Event::Message(format!("resumed at step {step}")));
        if let Some(message) = before.and_then(|before| resume::length_change(before, train, step))
        {
            events.on_event(Event::Message(message));
        }
    }
    let step = trainer.progress().step;
    let log = RunLog::open(&setup.dir.join(LOG), step)?;
    let event_log = EventLog::open(&setup.dir.join(EVENTS), step)?;
    let mut observer = RunObserver {
        job: &job,
        train,
        dir: setup.dir,
        checkpoints: &checkpoints,
        snapshots: &snapshots,
        deadline: train.max_time()?.and_then(|time| Instant::now().checked_add(time)),
        log,
        event_log,
        events,
        stop: stop.clone(),
    };
    let outcome = trainer.run(&mut observer).map_err(|error| match error {
        TrainError::Diverged { .. } => RunError::Diverged(error),
        error => RunError::Train(error),
    })?;
    if outcome == Outcome::Stopped {
        return Ok(None);
    }
    let (train_seconds, last) = (trainer.progress().seconds, trainer.progress().step);
    if let Some(patience) = train.patience.filter(|_| last < train.steps()) {
        let select = train.select.as_deref().unwrap_or_default();
        events.on_event(Event::Message(format!(
            "ended at step {last}: {select} did not improve in {patience} validations"
        )));
    }
    drop(trainer);
    write_curves_of(setup.dir)?;
    // In this order, a request is seen here or by whoever makes it.
    stop.set_only_testing();
    if stop.is_requested() {
        return Ok(None);
    }
    let model = setup.dir.join("model");
    let test = job.test(&model, setup.device, events)?;
    Ok(Some(Summary { model, train_seconds, test }))
}

/// The model at the start of a run, with its adapter and its frozen parameters.
fn initial_model<J: Job>(
    job: &J,
    recipe: &Recipe,
    setup: &Setup<'_>,
    events: &mut dyn Events,
) -> Result<J::Model, RunError> {
    let train = recipe.train();
    let model = job.model(&setup.device.clone().autodiff(), events)?;
    let model = model.with_checkpointing(train.gradient_checkpointing);
    match recipe.lora().zip(recipe.init()) {
        Some((lora, init)) => adapter::add_updates(model, lora, init, J::HEAD, train.seed, events),
        None => parameters::freeze(model, &train.freeze, events),
    }
}
