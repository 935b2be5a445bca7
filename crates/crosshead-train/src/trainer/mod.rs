//! The training loop.

mod average;
mod guard;
mod select;
mod step;
mod task;

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;
use crosshead_data::BatchStream;
use crosshead_kernels::in_pool;
use crosshead_weights::parameters;

use crate::snapshots::SnapshotStore;
use crate::{Adjustment, Checkpoint, Optimizer, Progress, TrainConfig, TrainError};
use average::Ema;
use step::Stepped;

pub use average::{Average, AverageOf};
pub use guard::{
    Divergence, Guard, GuardState, MAX_ROLLBACKS, MAX_SKIPS, OnDivergence, Remedy, Symptom,
};
pub use task::{Observer, Outcome, StepReport, Task, Validation, Weights};

/// A training run: model, optimizer and position in the data.
pub struct Trainer<'a, T: Task> {
    task: &'a T,
    config: TrainConfig,
    batches: BatchStream,
    /// `None` only during the optimizer's step, so that buffers have one owner and are updated in place.
    model: Option<T::Model>,
    optimizer: Optimizer,
    adjustments: BTreeMap<String, Adjustment>,
    ema: Option<Ema>,
    snapshots: Option<SnapshotStore>,
    progress: Progress,
    /// Whether checkpoints contain a parameter.
    saved: &'a (dyn Fn(&str) -> bool + Sync),
}

impl<'a, T: Task> Trainer<'a, T> {
    /// A run before its first step.
    pub fn new(task: &'a T, config: TrainConfig, batches: BatchStream, model: T::Model) -> Self {
        Self {
            task,
            config,
            batches,
            optimizer: config.init_optimizer(),
            adjustments: BTreeMap::new(),
            ema: config.ema().map(|decay| Ema::new(decay, &model)),
            snapshots: None,
            model: Some(model),
            progress: Progress::default(),
            saved: &|_| true,
        }
    }

    /// Sets what differs for some parameters, by path. Default: nothing.
    pub fn with_adjustments(self, adjustments: BTreeMap<String, Adjustment>) -> Self {
        let optimizer = self.config.init_optimizer().with_adjustments(adjustments.clone());
        Self { optimizer, adjustments, ..self }
    }

    /// Sets where the weights for [`TrainConfig::with_average`] are kept, which needs such a place.
    pub fn with_snapshots(self, snapshots: SnapshotStore) -> Self {
        Self { snapshots: Some(snapshots), ..self }
    }

    /// Sets which parameters checkpoints contain, by path. The others must not be trained: a resumed run takes them from
    /// the initial model. Default: all.
    pub fn with_saved(self, saved: &'a (dyn Fn(&str) -> bool + Sync)) -> Self {
        Self { saved, ..self }
    }

    /// Resumes from a checkpoint: further steps are bitwise identical to those of an uninterrupted run.
    ///
    /// # Errors
    /// If the checkpoint does not match the model.
    pub fn resume(mut self, checkpoint: Checkpoint) -> Result<Self, TrainError> {
        self.load(checkpoint)?;
        Ok(self)
    }

    /// Continues from a checkpoint.
    fn load(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        let Checkpoint { progress, mut weights, mut optimizer } = checkpoint;
        let mut shapes = parameters::shapes(self.model());
        shapes.retain(|(path, _)| (self.saved)(path));
        check(&shapes, &weights)?;
        let device = self.model().devices().into_iter().next().unwrap_or_default();
        if let Some(ema) = &mut self.ema {
            ema.restore(&mut optimizer, &device)?;
        }
        self.optimizer = self
            .config
            .init_optimizer()
            .with_adjustments(self.adjustments.clone())
            .restore(progress.step - progress.guard.skipped, optimizer, &shapes, &device)
            .map_err(|error| TrainError::OtherModel { reason: error.to_string() })?;
        self.model = self
            .model
            .take()
            .map(|model| parameters::replace(model, |path, _| weights.remove(path)));
        self.batches = self.batches.clone().seek(progress.position());
        self.progress = progress;
        Ok(())
    }

    /// Trains until the last step, until the score stops improving, or until the observer stops the run.
    ///
    /// # Errors
    /// If there are no examples, an average has no place for its weights, the loss or a gradient diverges and cannot be helped, or
    /// the observer fails.
    pub fn run(&mut self, observer: &mut impl Observer<T::Model>) -> Result<Outcome, TrainError> {
        if self.config.average().is_some() && self.snapshots.is_none() {
            return Err(TrainError::NoSnapshots);
        }
        while !self.is_done() {
            match in_pool(|| self.step())? {
                Stepped::Taken(report) => observer.on_step(&report)?,
                Stepped::Diverged { symptom, examples } => {
                    match self.remedy(symptom, examples, observer)? {
                        Remedy::Skipped => {}
                        Remedy::RolledBack { .. } => continue,
                    }
                }
            }
            let step = self.progress.step;
            let is_due = |every: u64| step.is_multiple_of(every.max(1));
            if step == self.config.steps() || is_due(self.config.validate_every()) {
                self.validate(observer)?;
            }
            let last = self.is_done();
            if last || is_due(self.config.checkpoint_every()) {
                self.keep_last()?;
            }
            if last {
                self.average(observer)?;
            }
            let stop = !last && observer.should_stop();
            if last || stop || is_due(self.config.checkpoint_every()) {
                observer.on_checkpoint(self.checkpoint())?;
            }
            if stop {
                return Ok(Outcome::Stopped);
            }
        }
        Ok(Outcome::Finished)
    }

    /// Whether all steps are done, or the score has stopped improving.
    fn is_done(&self) -> bool {
        let is_stale = |patience| self.progress.validations_since_best >= patience;
        self.progress.step >= self.config.steps() || self.config.patience().is_some_and(is_stale)
    }

    /// The current model.
    pub fn model(&self) -> &T::Model {
        self.model.as_ref().expect("the optimizer returns the model")
    }

    /// The progress of the run.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    fn checkpoint(&self) -> Checkpoint {
        let mut optimizer = self.optimizer.state();
        if let Some(ema) = &self.ema {
            ema.save(&mut optimizer);
        }
        Checkpoint {
            progress: self.progress.clone(),
            weights: parameters::read_where(self.model(), self.saved),
            optimizer,
        }
    }
}

/// Checks that the weights of a checkpoint have these shapes.
fn check(
    shapes: &[(String, Vec<usize>)],
    weights: &BTreeMap<String, TensorData>,
) -> Result<(), TrainError> {
    let other = |reason| Err(TrainError::OtherModel { reason });
    for (path, shape) in shapes {
        let Some(data) = weights.get(path) else {
            return other(format!("the weight `{path}` is missing"));
        };
        let found = data.shape().to_vec();
        if found != *shape {
            return other(format!("`{path}` has shape {found:?}, expected {shape:?}"));
        }
    }
    Ok(())
}
