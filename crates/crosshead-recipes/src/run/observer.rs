//! The work done between training steps: validation, best model, checkpoints, log.

use std::path::Path;
use std::time::Instant;

use crosshead_train::{
    Checkpoint, CheckpointStore, Divergence, EventLog, Observer, Progress, Remedy, RunLog, Scalar,
    SnapshotStore, StepReport, TrainError, Validation, Weights,
};
use serde_json::json;

use crate::RunError;
use crate::host::{Event, Events, Stop};
use crate::job::Job;
use crate::recipe::TrainSection;
use crate::report::MetricValue;

/// The log in the run directory.
pub(super) const LOG: &str = "log.jsonl";

/// The same values for TensorBoard.
pub(super) const EVENTS: &str = "events.out.tfevents";

pub(super) struct RunObserver<'a, J> {
    pub(super) job: &'a J,
    pub(super) train: &'a TrainSection,
    pub(super) dir: &'a Path,
    pub(super) checkpoints: &'a CheckpointStore,
    pub(super) snapshots: &'a SnapshotStore,
    /// When `train.max_time` is over.
    pub(super) deadline: Option<Instant>,
    pub(super) log: RunLog,
    pub(super) event_log: EventLog,
    pub(super) events: &'a mut dyn Events,
    pub(super) stop: Stop,
}

impl<J: Job> Observer<J::Model> for RunObserver<'_, J> {
    fn on_step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        let progress = &report.progress;
        self.log.write(&json!({
            "step": progress.step,
            "epoch": progress.epoch + 1,
            "loss": report.loss,
            "learning_rate": report.learning_rate,
            "gradient_norm": report.gradient_norm,
            "targets": report.targets,
            "seconds": progress.seconds,
        }))?;
        let scalars = [
            ("train/loss", report.loss),
            ("train/learning_rate", report.learning_rate),
            ("train/gradient_norm", report.gradient_norm),
            ("train/epoch", (progress.epoch + 1) as f64),
        ];
        let scalars = scalars.map(|(tag, value)| Scalar { tag: tag.to_owned(), value });
        self.event_log.write(progress.step, scalars.into())?;
        self.events.on_event(Event::Step { report, steps: self.train.steps() });
        Ok(())
    }

    fn validate(
        &mut self,
        model: &J::Model,
        progress: &Progress,
        weights: Weights,
    ) -> Result<Validation, TrainError> {
        let metrics = self.job.validate(model, self.events).map_err(observer_error)?;
        let chosen = self.train.select.as_deref().unwrap_or("loss");
        let score = metrics
            .iter()
            .find(|measured| measured.metric.key == chosen)
            .unwrap_or_else(|| unreachable!("a recipe selects by one of its task's metrics"))
            .goodness();
        let best = progress.is_best(score);
        let mut entry = json!({ "step": progress.step });
        match weights {
            Weights::Current => {}
            Weights::Ema => entry["weights"] = json!("ema"),
            Weights::Average => {
                let steps = progress.snapshots.iter().map(|snapshot| snapshot.step);
                let steps: Vec<u64> = steps.collect();
                let message = format!("average of the weights after steps {steps:?}:");
                self.events.on_event(Event::Message(message));
                entry["weights"] = json!("average");
                entry["averaged_steps"] = json!(steps);
            }
        }
        for measured in &metrics {
            entry[format!("valid_{}", measured.metric.key)] = json!(measured.value);
        }
        self.log.write(&entry)?;
        // The average is validated at the last step, which has a validation already.
        let group = match weights {
            Weights::Current | Weights::Ema => "valid",
            Weights::Average => "valid_average",
        };
        let scalar = |measured: &MetricValue| Scalar {
            tag: format!("{group}/{}", measured.metric.key),
            value: measured.value,
        };
        self.event_log.write(progress.step, metrics.iter().map(scalar).collect())?;
        self.events.on_event(Event::Validated { step: progress.step, metrics: &metrics, best });
        Ok(Validation { score })
    }

    fn on_best(&mut self, model: &J::Model, _: &Progress) -> Result<(), TrainError> {
        self.job.save(model, &self.dir.join("model")).map_err(observer_error)
    }

    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        self.checkpoints.save(&checkpoint)?;
        let progress = self.checkpoints.progress();
        let snapshots = progress.iter().flat_map(|progress| &progress.snapshots);
        self.snapshots.keep_only(&snapshots.map(|snapshot| snapshot.step).collect())
    }

    fn should_stop(&self) -> bool {
        self.stop.is_requested() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn on_divergence(&mut self, divergence: &Divergence) -> Result<(), TrainError> {
        let Divergence { step, symptom, examples, remedy } = divergence;
        let (mut entry, done) = match remedy {
            Remedy::Skipped => {
                (json!({ "step": step, "remedy": "skipped" }), "step skipped".to_owned())
            }
            Remedy::RolledBack { to, rate_factor } => {
                // The steps after the checkpoint are taken again.
                self.log = RunLog::open(&self.dir.join(LOG), *to)?;
                self.event_log = EventLog::open(&self.dir.join(EVENTS), *to)?;
                let entry = json!({
                    "step": to + 1,
                    "remedy": "rolled back",
                    "diverged_step": step,
                    "learning_rate_factor": rate_factor,
                });
                let done = format!("back to step {to} with {rate_factor} times the learning rate");
                (entry, done)
            }
        };
        entry["diverged"] = json!(symptom.to_string());
        entry["examples"] = json!(examples);
        self.log.write(&entry)?;
        let shown: Vec<String> = examples.iter().take(8).map(ToString::to_string).collect();
        self.events.on_event(Event::Message(format!(
            "warning: step {step}: {symptom} (training examples {}…); {done}",
            shown.join(", ")
        )));
        Ok(())
    }

    fn checkpoint_before(&mut self, step: u64) -> Result<Option<Checkpoint>, TrainError> {
        Ok(self.checkpoints.load_before(step)?.map(|restored| restored.checkpoint))
    }
}

fn observer_error(error: RunError) -> TrainError {
    TrainError::Observer(Box::new(error))
}
