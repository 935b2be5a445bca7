//! The training loop.

use std::collections::BTreeMap;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use crosshead_data::BatchStream;
use crosshead_kernels::{Mode, RandomKey, in_pool};
use crosshead_weights::parameters;

use crate::{Checkpoint, Optimizer, Progress, TrainConfig, TrainError};

/// A training task: a loss over examples.
pub trait Task: Sync {
    /// The trained module.
    type Model: Module;

    /// The summed loss of the examples with these indices, `[1]`.
    fn loss(&self, model: &Self::Model, examples: &[usize], mode: Mode) -> Tensor<1>;

    /// The number of targets in the examples, by which the summed loss is divided.
    fn targets(&self, examples: &[usize]) -> usize;

    /// The number of tokens in the examples without padding, for throughput.
    fn tokens(&self, examples: &[usize]) -> usize;
}

/// The report on a step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The progress of the run, including this step.
    pub progress: Progress,
    /// Mean loss per target, in nats.
    pub loss: f64,
    /// The gradients' global norm before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// Number of targets.
    pub targets: usize,
}

/// The result of a validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// The score for model selection; higher is better.
    pub score: f64,
}

/// Observes a run, validates its model and saves its results.
pub trait Observer<M> {
    /// Called after each step.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_step(&mut self, report: &StepReport) -> Result<(), TrainError>;

    /// Validates the model, which is outside autodiff.
    ///
    /// # Errors
    /// An error ends the run.
    fn validate(&mut self, model: &M, progress: &Progress) -> Result<Validation, TrainError>;

    /// Called when the model is the best so far, or ties with the best, to save it.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_best(&mut self, model: &M, progress: &Progress) -> Result<(), TrainError>;

    /// Called to save a checkpoint.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError>;

    /// Whether to save a checkpoint and stop after this step.
    fn should_stop(&self) -> bool;
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps completed.
    Finished,
    /// Stopped by the observer.
    Stopped,
}

/// A training run: model, optimizer and position in the data.
pub struct Trainer<'a, T: Task> {
    task: &'a T,
    config: TrainConfig,
    batches: BatchStream,
    /// `None` only during the optimizer's step, so that buffers have one owner and are updated in place.
    model: Option<T::Model>,
    optimizer: Optimizer,
    progress: Progress,
}

impl<'a, T: Task> Trainer<'a, T> {
    /// A run before its first step.
    pub fn new(task: &'a T, config: TrainConfig, batches: BatchStream, model: T::Model) -> Self {
        let optimizer = config.optimizer().init();
        Self { task, config, batches, model: Some(model), optimizer, progress: Progress::default() }
    }

    /// Resumes from a checkpoint: further steps are bitwise identical to those of an uninterrupted run.
    ///
    /// # Errors
    /// If the checkpoint does not match the model.
    pub fn resume(mut self, checkpoint: Checkpoint) -> Result<Self, TrainError> {
        let Checkpoint { progress, mut weights, optimizer } = checkpoint;
        let shapes = parameters::shapes(self.model());
        check(&shapes, &weights)?;
        let device = self.model().devices().into_iter().next().unwrap_or_default();
        self.optimizer = self
            .config
            .optimizer()
            .restore(progress.step, optimizer, &shapes, &device)
            .map_err(|error| TrainError::OtherModel { reason: error.to_string() })?;
        self.model =
            self.model.map(|model| parameters::replace(model, |path, _| weights.remove(path)));
        self.batches = self.batches.seek(progress.position());
        self.progress = progress;
        Ok(self)
    }

    /// Trains until the last step, or until the observer stops the run.
    ///
    /// # Errors
    /// If there are no examples, the loss or a gradient is not finite, or the observer fails.
    pub fn run(&mut self, observer: &mut impl Observer<T::Model>) -> Result<Outcome, TrainError> {
        while self.progress.step < self.config.steps() {
            let report = in_pool(|| self.step())?;
            observer.on_step(&report)?;
            let step = self.progress.step;
            let last = step == self.config.steps();
            if last || step.is_multiple_of(self.config.validate_every().max(1)) {
                self.validate(observer)?;
            }
            let stop = !last && observer.should_stop();
            if last || stop || step.is_multiple_of(self.config.checkpoint_every().max(1)) {
                observer.on_checkpoint(self.checkpoint())?;
            }
            if stop {
                return Ok(Outcome::Stopped);
            }
        }
        Ok(Outcome::Finished)
    }

    /// The current model.
    pub fn model(&self) -> &T::Model {
        self.model.as_ref().expect("the optimizer returns the model")
    }

    /// The progress of the run.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    fn step(&mut self) -> Result<StepReport, TrainError> {
        let started = Instant::now();
        let step = self.progress.step + 1;
        let batches = self.next_batches()?;
        let targets: usize = batches.iter().map(|batch| self.task.targets(batch)).sum();
        let key = RandomKey::new(self.config.seed()).stream("dropout").at_step(step);
        let mut gradients = BTreeMap::new();
        let mut loss = 0.0;
        for (index, batch) in batches.iter().enumerate() {
            let mode = Mode::Train(key.index(index));
            let mean = self.task.loss(self.model(), batch, mode) / targets.max(1) as f64;
            loss += mean.clone().into_scalar::<f64>();
            add(&mut gradients, parameters::take_gradients(self.model(), &mut mean.backward()));
        }
        if !loss.is_finite() {
            return Err(TrainError::NotFinite { step, what: "loss" });
        }
        let learning_rate = self.config.schedule().rate(step);
        let model = self.model.take().expect("the optimizer returns the model");
        let (model, gradient_norm) = self.optimizer.step(model, gradients, learning_rate);
        self.model = Some(model);
        if !gradient_norm.is_finite() {
            return Err(TrainError::NotFinite { step, what: "gradient" });
        }
        self.progress.step = step;
        self.progress.tokens +=
            batches.iter().map(|batch| self.task.tokens(batch) as u64).sum::<u64>();
        self.progress.seconds += started.elapsed().as_secs_f64();
        Ok(StepReport {
            progress: self.progress.clone(),
            loss,
            gradient_norm,
            learning_rate,
            targets,
        })
    }

    /// The batches of one step; advances the position in the data.
    fn next_batches(&mut self) -> Result<Vec<Vec<usize>>, TrainError> {
        let mut batches = Vec::with_capacity(self.config.accumulate());
        for _ in 0..self.config.accumulate().max(1) {
            let (_, batch) = self.batches.next().ok_or(TrainError::NoExamples)?;
            batches.push(batch);
        }
        let next = self.batches.position();
        (self.progress.epoch, self.progress.batch) = (next.epoch, next.batch);
        Ok(batches)
    }

    fn validate(&mut self, observer: &mut impl Observer<T::Model>) -> Result<(), TrainError> {
        let model = self.model().valid();
        let Validation { score } = observer.validate(&model, &self.progress)?;
        if self.progress.is_best(score) {
            self.progress.best_score = Some(score);
            self.progress.best_step = Some(self.progress.step);
            observer.on_best(&model, &self.progress)?;
        }
        Ok(())
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            progress: self.progress.clone(),
            weights: parameters::read(self.model()),
            optimizer: self.optimizer.state(),
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

/// Accumulates the gradients of one batch.
fn add(sum: &mut BTreeMap<String, Tensor<1>>, gradients: BTreeMap<String, Tensor<1>>) {
    for (path, gradient) in gradients {
        let total = match sum.remove(&path) {
            Some(present) => present + gradient,
            None => gradient,
        };
        sum.insert(path, total);
    }
}
