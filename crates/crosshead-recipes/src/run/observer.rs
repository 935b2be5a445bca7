//! The work done between training steps: validation, best model, checkpoints, log.

use std::path::Path;

use crosshead_train::{
    Checkpoint, CheckpointStore, Observer, Progress, RunLog, StepReport, TrainError, Validation,
};
use serde_json::json;

use crate::RunError;
use crate::host::{Event, Events, Stop};
use crate::job::Job;
use crate::recipe::TrainSection;

pub(super) struct RunObserver<'a, J> {
    pub(super) job: &'a J,
    pub(super) train: &'a TrainSection,
    pub(super) dir: &'a Path,
    pub(super) checkpoints: &'a CheckpointStore,
    pub(super) log: RunLog,
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
        self.events.on_event(Event::Step { report, steps: self.train.steps });
        Ok(())
    }

    fn validate(
        &mut self,
        model: &J::Model,
        progress: &Progress,
    ) -> Result<Validation, TrainError> {
        let metrics = self.job.validate(model).map_err(observer_error)?;
        let chosen = self.train.select.as_deref().unwrap_or("loss");
        let score = metrics
            .iter()
            .find(|measured| measured.metric.key == chosen)
            .unwrap_or_else(|| unreachable!("a recipe selects by one of its task's metrics"))
            .goodness();
        let best = progress.is_best(score);
        let mut entry = json!({ "step": progress.step });
        for measured in &metrics {
            entry[format!("valid_{}", measured.metric.key)] = json!(measured.value);
        }
        self.log.write(&entry)?;
        self.events.on_event(Event::Validated { step: progress.step, metrics: &metrics, best });
        Ok(Validation { score })
    }

    fn on_best(&mut self, model: &J::Model, _: &Progress) -> Result<(), TrainError> {
        self.job.save(model, &self.dir.join("model")).map_err(observer_error)
    }

    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        self.checkpoints.save(&checkpoint)
    }

    fn should_stop(&self) -> bool {
        self.stop.is_requested()
    }
}

fn observer_error(error: RunError) -> TrainError {
    TrainError::Observer(Box::new(error))
}
