//! One step of the training loop, and what is done about a step that diverges.

use std::collections::BTreeMap;
use std::time::Instant;

use burn::tensor::Tensor;
use crosshead_kernels::{Mode, RandomKey};
use crosshead_weights::parameters;

use super::Trainer;
use super::guard::{Divergence, MAX_ROLLBACKS, MAX_SKIPS, OnDivergence, Remedy, Symptom};
use super::task::{Observer, StepReport, Task};
use crate::{TrainError, optimizer};

/// The result of one step.
pub(super) enum Stepped {
    /// The step was taken.
    Taken(StepReport),
    /// The loss or the gradient diverged; nothing has changed but the position in the data.
    Diverged { symptom: Symptom, examples: Vec<usize> },
}

impl<T: Task> Trainer<'_, T> {
    pub(super) fn step(&mut self) -> Result<Stepped, TrainError> {
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
        let gradient_norm = optimizer::norm(&gradients);
        let guard = self.config.guard();
        if let Some(symptom) = self.progress.guard.symptom(guard, loss, gradient_norm) {
            return Ok(Stepped::Diverged { symptom, examples: batches.concat() });
        }
        self.progress.guard.accept(guard, loss, gradient_norm);
        let learning_rate = self.learning_rate(step);
        let model = self.model.take().expect("the optimizer returns the model");
        let model = self.optimizer.step_with_norm(model, gradients, gradient_norm, learning_rate);
        if let Some(ema) = &mut self.ema {
            ema.update(&model, step);
        }
        self.model = Some(model);
        self.progress.step = step;
        self.progress.tokens +=
            batches.iter().map(|batch| self.task.tokens(batch) as u64).sum::<u64>();
        self.progress.seconds += started.elapsed().as_secs_f64();
        Ok(Stepped::Taken(StepReport {
            progress: self.progress.clone(),
            loss,
            gradient_norm,
            learning_rate,
            targets,
        }))
    }

    /// The learning rate of a step.
    fn learning_rate(&self, step: u64) -> f64 {
        let rate = match &self.progress.plateau {
            Some(plateau) => self.config.schedule().rate(step).min(plateau.rate),
            None => self.config.schedule().rate(step),
        };
        rate * self.progress.guard.rate_factor()
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

    /// Skips a step that diverged, or goes back to a checkpoint, as the configuration says.
    ///
    /// # Errors
    /// If the run has to stop.
    pub(super) fn remedy(
        &mut self,
        symptom: Symptom,
        examples: Vec<usize>,
        observer: &mut impl Observer<T::Model>,
    ) -> Result<Remedy, TrainError> {
        let step = self.progress.step + 1;
        let diverged = |tried: &str, examples: Vec<usize>| {
            Err(TrainError::Diverged { step, symptom, examples, tried: tried.to_owned() })
        };
        let remedy = match self.config.guard().action {
            OnDivergence::Stop => return diverged("", examples),
            OnDivergence::Skip if self.progress.guard.skipped_in_a_row >= MAX_SKIPS => {
                return diverged(&format!("; {MAX_SKIPS} steps in a row were skipped"), examples);
            }
            OnDivergence::Skip => {
                self.progress.step = step;
                self.progress.guard.skipped += 1;
                self.progress.guard.skipped_in_a_row += 1;
                Remedy::Skipped
            }
            OnDivergence::RollBack => {
                let rollbacks = self.progress.guard.rollbacks + 1;
                if rollbacks > MAX_ROLLBACKS {
                    let tried = format!(
                        "; the run went back {MAX_ROLLBACKS} times, each time with half the learning rate"
                    );
                    return diverged(&tried, examples);
                }
                let Some(checkpoint) = observer.checkpoint_before(self.progress.step)? else {
                    return diverged("; there is no checkpoint yet to go back to", examples);
                };
                self.load(checkpoint)?;
                self.progress.guard.rollbacks = rollbacks;
                let rate_factor = self.progress.guard.rate_factor();
                Remedy::RolledBack { to: self.progress.step, rate_factor }
            }
        };
        observer.on_divergence(&Divergence { step, symptom, examples, remedy })?;
        Ok(remedy)
    }
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
