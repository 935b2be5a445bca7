//! A recorder of what a run does, and runs that are resumed at every step.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::TensorData;
use crosshead_data::{BatchStream, Batching};
use crosshead_kernels::Linear;
use crosshead_train::{
    AdamConfig, Checkpoint, CheckpointStore, Divergence, Observer, Outcome, Progress, Schedule,
    SnapshotStore, StepReport, TrainConfig, TrainError, Trainer, Validation, Weights, parameters,
};

use crate::line::{EXAMPLES, Line};

pub(crate) const STEPS: u64 = 12;

pub(crate) type Values = BTreeMap<String, TensorData>;

/// Records what a run does. Its checkpoints are on disk.
pub(crate) struct Recorder<'a> {
    pub(crate) dir: &'a Path,
    /// The score of each step.
    pub(crate) scores: Vec<f64>,
    pub(crate) stop_at: Option<u64>,
    /// The last step, taken or skipped.
    pub(crate) at: u64,
    /// The weights after each step, from the checkpoints.
    pub(crate) weights: BTreeMap<u64, Values>,
    /// What was validated: the step, the weights' kind and values.
    pub(crate) validated: Vec<(u64, Weights, Values)>,
    pub(crate) best: Vec<(u64, Values)>,
    pub(crate) divergences: Vec<Divergence>,
    pub(crate) losses: BTreeMap<u64, u64>,
    pub(crate) rates: BTreeMap<u64, f64>,
    pub(crate) last: Option<Checkpoint>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(dir: &'a Path) -> Self {
        Self {
            dir,
            scores: Vec::new(),
            stop_at: None,
            at: 0,
            weights: BTreeMap::new(),
            validated: Vec::new(),
            best: Vec::new(),
            divergences: Vec::new(),
            losses: BTreeMap::new(),
            rates: BTreeMap::new(),
            last: None,
        }
    }

    pub(crate) fn store(&self) -> CheckpointStore {
        CheckpointStore::new(&self.dir.join("checkpoints"))
    }
}

impl Observer<Linear> for Recorder<'_> {
    fn on_step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        self.at = report.progress.step;
        self.losses.insert(report.progress.step, report.loss.to_bits());
        self.rates.insert(report.progress.step, report.learning_rate);
        Ok(())
    }

    fn validate(
        &mut self,
        model: &Linear,
        progress: &Progress,
        weights: Weights,
    ) -> Result<Validation, TrainError> {
        self.validated.push((progress.step, weights, parameters::read(model)));
        let score = match weights {
            Weights::Current | Weights::Ema => self.scores.get(progress.step as usize - 1),
            Weights::Average => Some(&1000.0),
        };
        Ok(Validation { score: score.copied().unwrap_or(0.0) })
    }

    fn on_best(&mut self, model: &Linear, progress: &Progress) -> Result<(), TrainError> {
        self.best.push((progress.step, parameters::read(model)));
        Ok(())
    }

    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        self.weights.insert(checkpoint.progress.step, checkpoint.weights.clone());
        self.store().save(&checkpoint)?;
        self.last = Some(checkpoint);
        Ok(())
    }

    fn should_stop(&self) -> bool {
        Some(self.at) == self.stop_at
    }

    fn on_divergence(&mut self, divergence: &Divergence) -> Result<(), TrainError> {
        self.at = divergence.step;
        self.divergences.push(divergence.clone());
        Ok(())
    }

    fn checkpoint_before(&mut self, step: u64) -> Result<Option<Checkpoint>, TrainError> {
        Ok(self.store().load_before(step)?.map(|restored| restored.checkpoint))
    }
}

pub(crate) fn config() -> TrainConfig {
    let schedule = Schedule::Cosine { peak: 0.1, end: 0.01, warmup: 3, steps: STEPS };
    TrainConfig::new(STEPS, schedule)
        .with_optimizer(AdamConfig::new())
        .with_validate_every(1)
        .with_checkpoint_every(1)
        .with_seed(7)
}

pub(crate) fn trainer<'a>(task: &'a Line, config: TrainConfig, dir: &Path) -> Trainer<'a, Line> {
    let batching = Batching::Examples { examples: EXAMPLES, size: 4 };
    Trainer::new(task, config, BatchStream::new(batching, 7), task.model())
        .with_snapshots(SnapshotStore::new(&dir.join("snapshots")))
}

/// Runs to the end, and again with a stop and a new process after every step; both must agree in everything that is kept.
pub(crate) fn run(
    task: &Line,
    config: TrainConfig,
    scores: &[f64],
) -> (Outcome, Vec<Values>, Checkpoint) {
    let root = tempfile::tempdir().unwrap();
    let mut full = Recorder { scores: scores.to_vec(), ..Recorder::new(root.path()) };
    let outcome = trainer(task, config, root.path()).run(&mut full).unwrap();
    let last = full.last.unwrap();
    let best: Vec<Values> = full.best.iter().map(|(_, values)| values.clone()).collect();

    let root = tempfile::tempdir().unwrap();
    let (mut pieces, mut losses) = (Vec::new(), BTreeMap::new());
    let resumed = loop {
        let mut part = Recorder { scores: scores.to_vec(), ..Recorder::new(root.path()) };
        let mut trainer = trainer(task, config, root.path());
        if let Some(restored) = part.store().load_latest().unwrap() {
            trainer = trainer.resume(restored.checkpoint).unwrap();
        }
        part.stop_at = Some(trainer.progress().step + 1);
        let outcome = trainer.run(&mut part).unwrap();
        pieces.extend(part.best);
        losses.extend(part.losses);
        if outcome == Outcome::Finished {
            let stored =
                || Recorder::new(root.path()).store().load_latest().unwrap().unwrap().checkpoint;
            break part.last.unwrap_or_else(stored);
        }
    };
    let seconds = last.progress.seconds;
    assert_eq!(Progress { seconds, ..resumed.progress }, last.progress);
    assert_eq!(resumed.weights, last.weights);
    assert_eq!(resumed.optimizer, last.optimizer);
    assert_eq!(losses, full.losses);
    let pieces: Vec<Values> = pieces.into_iter().map(|(_, values)| values).collect();
    assert_eq!(pieces, best);
    (outcome, best, last)
}
