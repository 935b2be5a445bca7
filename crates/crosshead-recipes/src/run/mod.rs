//! A recipe's run, from text to a model directory: the same for every task.

mod directory;
mod observer;
mod resume;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_data::BatchStream;
use crosshead_train::{CheckpointStore, Outcome, RunLog, TrainError, Trainer};

use crate::host::{Event, Host};
use crate::job::{Job, Place, Visitor};
use crate::recipe::TrainSection;
use crate::report::Report;
use crate::{Recipe, RunError, parameters};
use observer::RunObserver;

/// A run that came to its end.
#[derive(Debug)]
pub struct Summary {
    /// The directory of the best model.
    pub model: PathBuf,
    /// Seconds spent in training steps.
    pub train_seconds: f64,
    /// What the best model reaches on the test data, where the recipe names some.
    pub test: Option<Report>,
}

/// Runs a recipe in a run directory: tokenizer, training, the best model, and what it reaches on the test data.
///
/// Without `resume` the directory must not hold a run; with it, the run goes on from its last checkpoint.
/// `None` is returned where somebody asked to stop; the run is then saved.
///
/// # Errors
/// If data, recipe or directory are not as they must be, or a file cannot be written.
pub fn train(
    recipe: &Recipe,
    dir: &Path,
    resume: bool,
    device: &Device,
    host: Host<'_>,
) -> Result<Option<Summary>, RunError> {
    let present = directory::present(dir, resume)?;
    let recipe = &recipe.completed(present.as_ref())?;
    if let Some(present) = &present {
        directory::check(dir, &present.completed(Some(present))?, recipe)?;
    }
    let before = present.as_ref().map(Recipe::train);
    let place = Place { dir, resume, device, assets: host.assets };
    recipe.visit(Run { recipe, before, place, host })
}

/// A run of a recipe.
struct Run<'a, 'h> {
    recipe: &'a Recipe,
    /// The section of the run that is resumed.
    before: Option<&'a TrainSection>,
    place: Place<'a>,
    host: Host<'h>,
}

impl Visitor for Run<'_, '_> {
    type Output = Result<Option<Summary>, RunError>;

    fn visit<J: Job>(self, sections: &J::Recipe) -> Self::Output {
        let Self { recipe, before, place, host } = self;
        run::<J>(sections, recipe, before, &place, host)
    }
}

fn run<J: Job>(
    sections: &J::Recipe,
    recipe: &Recipe,
    before: Option<&TrainSection>,
    place: &Place<'_>,
    host: Host<'_>,
) -> Result<Option<Summary>, RunError> {
    let Host { events, stop, .. } = host;
    let train = recipe.train();
    let checkpoints = CheckpointStore::new(&place.dir.join("checkpoints"))
        .with_keep(NonZeroUsize::new(train.keep).unwrap_or(NonZeroUsize::MIN));
    let job = J::load(sections, place, events)?;
    directory::write_recipe(place.dir, recipe)?;
    let model = job.model(&place.device.clone().autodiff(), events)?;
    let model = parameters::freeze(model, &train.freeze, events)?;
    let task = job.task();
    let batches = BatchStream::new(job.batching(train), train.seed);
    let mut trainer = Trainer::new(&task, train.config(), batches, model);
    if let Some(restored) = if place.resume { checkpoints.load_latest()? } else { None } {
        let wrong = |error: TrainError| RunError::Run {
            dir: place.dir.to_owned(),
            reason: error.to_string(),
        };
        trainer = trainer.resume(restored.checkpoint).map_err(wrong)?;
        let step = trainer.progress().step;
        for error in restored.damaged {
            let message = format!("warning: {error}; the run goes on from step {step} instead");
            events.on_event(Event::Message(message));
        }
        events.on_event(Event::Message(format!("resumed at step {step}")));
        if let Some(message) = before.and_then(|before| resume::length_change(before, train, step))
        {
            events.on_event(Event::Message(message));
        }
    }
    let log = RunLog::open(&place.dir.join("log.jsonl"), trainer.progress().step)?;
    let mut observer = RunObserver {
        job: &job,
        train,
        dir: place.dir,
        checkpoints: &checkpoints,
        log,
        events,
        stop,
    };
    let outcome = trainer.run(&mut observer).map_err(|error| match error {
        TrainError::NotFinite { .. } => RunError::Diverged(error),
        error => RunError::Train(error),
    })?;
    if outcome == Outcome::Stopped {
        return Ok(None);
    }
    let train_seconds = trainer.progress().seconds;
    drop(trainer);
    let model = place.dir.join("model");
    let test = job.test(&model, place.device, events)?;
    Ok(Some(Summary { model, train_seconds, test }))
}
