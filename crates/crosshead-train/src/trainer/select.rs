//! Validation and the choice of weights: the best model, early stopping, and the average at the end.

use burn::module::Module;
use crosshead_weights::{Mean, parameters};

use super::Trainer;
use super::average::AverageOf;
use super::task::{Observer, Task, Validation, Weights};
use crate::TrainError;
use crate::schedule::Schedule;
use crate::snapshots::Snapshot;

impl<T: Task> Trainer<'_, T> {
    pub(super) fn validate(
        &mut self,
        observer: &mut impl Observer<T::Model>,
    ) -> Result<(), TrainError> {
        let (model, weights) = match &self.ema {
            Some(ema) => (ema.apply(self.model().valid()), Weights::Ema),
            None => (self.model().valid(), Weights::Current),
        };
        let Validation { score } = observer.validate(&model, &self.progress, weights)?;
        let is_better = self.progress.best_score.is_none_or(|best| best.is_nan() || score > best);
        match is_better {
            true => self.progress.validations_since_best = 0,
            false => self.progress.validations_since_best += 1,
        }
        if let Schedule::Plateau { plateau, peak, end, .. } = self.config.schedule() {
            let state = self.progress.plateau.unwrap_or_else(|| plateau.start(peak));
            self.progress.plateau = Some(plateau.after(state, score, end));
        }
        self.keep_best(score)?;
        self.consider(&model, score, observer)
    }

    /// Saves a model that is the best so far.
    fn consider(
        &mut self,
        model: &T::Model,
        score: f64,
        observer: &mut impl Observer<T::Model>,
    ) -> Result<(), TrainError> {
        if self.progress.is_best(score) {
            self.progress.best_score = Some(score);
            self.progress.best_step = Some(self.progress.step);
            observer.on_best(model, &self.progress)?;
        }
        Ok(())
    }

    /// Keeps the weights of a step that was validated, if they are among the best to be averaged.
    fn keep_best(&mut self, score: f64) -> Result<(), TrainError> {
        let Some(average) = self.config.average().filter(|average| average.of == AverageOf::Best)
        else {
            return Ok(());
        };
        let kept = &mut self.progress.snapshots;
        kept.push(Snapshot { step: self.progress.step, score: Some(score) });
        // NaN is the worst score; of equal ones the later is better.
        let rank = |snapshot: &Snapshot| {
            snapshot.score.filter(|score| !score.is_nan()).unwrap_or(f64::NEG_INFINITY)
        };
        kept.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then(b.step.cmp(&a.step)));
        kept.truncate(average.count);
        let is_kept = kept.iter().any(|snapshot| snapshot.step == self.progress.step);
        if is_kept { self.save_snapshot() } else { Ok(()) }
    }

    /// Keeps the weights of a step at which a checkpoint is due, if the last ones are averaged.
    pub(super) fn keep_last(&mut self) -> Result<(), TrainError> {
        let Some(average) = self.config.average().filter(|average| average.of == AverageOf::Last)
        else {
            return Ok(());
        };
        let kept = &mut self.progress.snapshots;
        kept.push(Snapshot { step: self.progress.step, score: None });
        kept.drain(..kept.len().saturating_sub(average.count));
        self.save_snapshot()
    }

    fn save_snapshot(&self) -> Result<(), TrainError> {
        let weights = parameters::read_where(self.model(), self.saved);
        self.snapshots.as_ref().map_or(Ok(()), |store| store.save(self.progress.step, &weights))
    }

    /// Validates the average of the kept weights at the end of the run; it becomes the best model if its score is.
    pub(super) fn average(
        &mut self,
        observer: &mut impl Observer<T::Model>,
    ) -> Result<(), TrainError> {
        let (Some(_), Some(store)) = (self.config.average(), &self.snapshots) else {
            return Ok(());
        };
        let mut mean = Mean::new();
        for snapshot in &self.progress.snapshots {
            mean.add(&store.load(snapshot.step)?)
                .map_err(|error| TrainError::OtherModel { reason: error.to_string() })?;
        }
        let mut mean = mean.finish();
        let model = parameters::replace(self.model().valid(), |path, _| mean.remove(path));
        let Validation { score } = observer.validate(&model, &self.progress, Weights::Average)?;
        self.consider(&model, score, observer)
    }
}
