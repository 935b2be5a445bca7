//! Averages of weights, early stopping, and the guard against divergence, each resumed at every step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use crosshead_data::{BatchStream, Batching};
use crosshead_kernels::{Linear, LinearConfig, Mode, dropout};
use crosshead_train::{
    AdamConfig, Average, AverageOf, Checkpoint, CheckpointStore, Divergence, Guard, MAX_ROLLBACKS,
    MuonConfig, Observer, OnDivergence, Outcome, Progress, Remedy, Schedule, Snapshot,
    SnapshotStore, StepReport, Symptom, Task, TrainConfig, TrainError, Trainer, Validation,
    Weights, parameters,
};

const EXAMPLES: usize = 10;
const STEPS: u64 = 12;

/// y = 2x − 1 at a few points; one example can spoil the loss.
struct Line {
    device: Device,
    /// An example, and the factor of its loss.
    spoiled: Option<(usize, f32)>,
}

impl Line {
    fn new() -> Self {
        Self { device: Device::flex().autodiff(), spoiled: None }
    }
}

impl Task for Line {
    type Model = Linear;

    fn loss(&self, model: &Linear, examples: &[usize], mode: Mode) -> Tensor<1> {
        let x: Vec<f32> = examples.iter().map(|&i| i as f32 / EXAMPLES as f32).collect();
        let x = Tensor::<1>::from_data(x.as_slice(), &self.device).reshape([examples.len(), 1]);
        let y = x.clone() * 2.0 - 1.0;
        let factor = match self.spoiled {
            Some((example, factor)) if examples.contains(&example) => factor,
            Some(_) | None => 1.0,
        };
        (dropout(model.forward(x, mode), 0.1, mode) - y).square().sum() * factor
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.len()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        examples.len()
    }
}

type Values = BTreeMap<String, TensorData>;

/// Records what a run does. Its checkpoints are on disk.
struct Recorder<'a> {
    dir: &'a Path,
    /// The score of each step.
    scores: Vec<f64>,
    stop_at: Option<u64>,
    /// The last step, taken or skipped.
    at: u64,
    /// The weights after each step, from the checkpoints.
    weights: BTreeMap<u64, Values>,
    /// What was validated: the step, the weights' kind and values.
    validated: Vec<(u64, Weights, Values)>,
    best: Vec<(u64, Values)>,
    divergences: Vec<Divergence>,
    losses: BTreeMap<u64, u64>,
    rates: BTreeMap<u64, f64>,
    last: Option<Checkpoint>,
}

impl<'a> Recorder<'a> {
    fn new(dir: &'a Path) -> Self {
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

    fn store(&self) -> CheckpointStore {
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

    fn last_checkpoint(&mut self) -> Result<Option<Checkpoint>, TrainError> {
        Ok(self.store().load_latest()?.map(|restored| restored.checkpoint))
    }
}

fn config() -> TrainConfig {
    let schedule = Schedule::Cosine { peak: 0.1, end: 0.01, warmup: 3, steps: STEPS };
    TrainConfig::new(STEPS, schedule)
        .with_optimizer(AdamConfig::new())
        .with_validate_every(1)
        .with_checkpoint_every(1)
        .with_seed(7)
}

fn trainer<'a>(task: &'a Line, config: TrainConfig, dir: &Path) -> Trainer<'a, Line> {
    let batching = Batching::Examples { examples: EXAMPLES, size: 4 };
    let model = LinearConfig::new(1, 1).init(&task.device);
    Trainer::new(task, config, BatchStream::new(batching, 7), model)
        .with_snapshots(SnapshotStore::new(&dir.join("snapshots")))
}

/// Runs to the end, and again with a stop and a new process after every step; both must agree in everything that is kept.
fn run(task: &Line, config: TrainConfig, scores: &[f64]) -> (Outcome, Vec<Values>, Checkpoint) {
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
        if let Some(checkpoint) = part.last_checkpoint().unwrap() {
            trainer = trainer.resume(checkpoint).unwrap();
        }
        part.stop_at = Some(trainer.progress().step + 1);
        let outcome = trainer.run(&mut part).unwrap();
        pieces.extend(part.best);
        losses.extend(part.losses);
        if outcome == Outcome::Finished {
            break part
                .last
                .unwrap_or_else(|| Recorder::new(root.path()).last_checkpoint().unwrap().unwrap());
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

#[test]
fn the_moving_average_has_its_closed_form_and_is_what_is_saved() {
    let task = Line::new();
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    let start = parameters::read(&LinearConfig::new(1, 1).init(&task.device));
    trainer(&task, config().with_ema(0.7), root.path()).run(&mut recorder).unwrap();
    let mut expected: f64 = start["weight"].iter::<f64>().next().unwrap();
    for (step, weights, values) in &recorder.validated {
        let t = *step as f64;
        let decay = 0.7_f64.min((1.0 + t) / (10.0 + t));
        let current = recorder.weights[step]["weight"].iter::<f64>().next().unwrap();
        expected = decay * expected + (1.0 - decay) * current;
        let found = values["weight"].iter::<f64>().next().unwrap();
        assert!((found - expected).abs() < 1e-6, "step {step}: {found}, not {expected}");
        assert_eq!(*weights, Weights::Ema);
    }
    // Scores are equal, so the last model is the best.
    let (_, best, last) = run(&task, config().with_ema(0.7), &[]);
    assert_eq!(best.last().unwrap(), &recorder.validated.last().unwrap().2);
    assert_ne!(best.last().unwrap(), &last.weights);
}

#[test]
fn the_last_checkpoints_are_averaged_at_the_end() {
    let task = Line::new();
    let config =
        config().with_checkpoint_every(5).with_average(Average { of: AverageOf::Last, count: 2 });
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    let (step, weights, average) = recorder.validated.last().unwrap();
    assert_eq!((*step, *weights), (STEPS, Weights::Average));
    // Checkpoints are due at steps 5, 10 and 12.
    for (path, mean) in average {
        let of = |step: u64| recorder.weights[&step][path].iter::<f64>().next().unwrap();
        let found = mean.iter::<f64>().next().unwrap();
        assert!((found - (of(10) + of(12)) / 2.0).abs() < 1e-7, "{path}");
    }
    assert_eq!(&recorder.best.last().unwrap().1, average, "its score is the best");
    run(&task, config, &[]);
}

#[test]
fn the_best_validations_are_averaged_at_the_end() {
    let task = Line::new();
    let config = config().with_average(Average { of: AverageOf::Best, count: 3 });
    let scores = [1.0, 7.0, 2.0, f64::NAN, 9.0, 3.0, 7.0, 1.0, 7.0, 0.0, 2.0, 6.0];
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder { scores: scores.to_vec(), ..Recorder::new(root.path()) };
    trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    let kept = &recorder.last.as_ref().unwrap().progress.snapshots;
    let expected = [(5, 9.0), (9, 7.0), (7, 7.0)];
    let expected = expected.map(|(step, score)| Snapshot { step, score: Some(score) });
    assert_eq!(kept, &expected, "of equal scores the later ones");
    for (path, mean) in &recorder.validated.last().unwrap().2 {
        let of = |step: u64| recorder.weights[&step][path].iter::<f64>().next().unwrap();
        let found = mean.iter::<f64>().next().unwrap();
        assert!((found - (of(5) + of(7) + of(9)) / 3.0).abs() < 1e-7, "{path}");
    }
    let scores = scores.map(|score| if score.is_nan() { -1.0 } else { score });
    run(&task, config, &scores);
}

#[test]
fn only_referenced_snapshots_stay() {
    let root = tempfile::tempdir().unwrap();
    let store = SnapshotStore::new(root.path());
    let weights = |value: f32| Values::from([("w".to_owned(), TensorData::from([value]))]);
    for step in [3, 10, 20] {
        store.save(step, &weights(step as f32)).unwrap();
    }
    store.keep_only(&BTreeSet::from([10])).unwrap();
    assert_eq!(store.load(10).unwrap(), weights(10.0));
    assert!(store.load(3).unwrap_err().to_string().contains("3.safetensors"));
    assert!(store.load(20).is_err());
}

#[test]
fn a_run_ends_when_the_score_stops_improving() {
    let task = Line::new();
    let scores = [1.0, 3.0, 2.0, 3.0, 3.5, 3.0, 3.5, 2.0, 9.0, 9.0, 9.0, 9.0];
    let (outcome, _, last) = run(&task, config().with_patience(3), &scores);
    assert_eq!(outcome, Outcome::Finished);
    assert_eq!((last.progress.step, last.progress.best_score), (8, Some(3.5)));
}

fn guarded(action: OnDivergence, spike: Option<f64>) -> TrainConfig {
    config().with_guard(Guard { action, spike })
}

#[test]
fn a_skipped_step_changes_neither_weights_nor_the_optimizer() {
    let task = Line { spoiled: Some((3, f32::NAN)), ..Line::new() };
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    let config = guarded(OnDivergence::Skip, None).with_optimizer(MuonConfig::new());
    trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    // Each epoch has three batches, of which one has the example.
    assert_eq!(recorder.divergences.len() as u64, STEPS / 3);
    for Divergence { step, symptom, examples, remedy } in &recorder.divergences {
        assert_eq!((*symptom, *remedy), (Symptom::LossNotFinite, Remedy::Skipped));
        assert!(examples.contains(&3) && examples.len() <= 4);
        if let Some(before) = recorder.weights.get(&(step - 1)) {
            assert_eq!(before, &recorder.weights[step]);
        }
    }
    run(&task, config, &[]);
}

#[test]
fn a_run_goes_back_with_half_the_rate_until_it_gives_up() {
    let task = Line { spoiled: Some((3, f32::INFINITY)), ..Line::new() };
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    let config = guarded(OnDivergence::RollBack, None);
    let error = trainer(&task, config, root.path()).run(&mut recorder).unwrap_err();
    let TrainError::Diverged { step, examples, .. } = &error else { panic!("{error}") };
    assert!(examples.contains(&3));
    if *step == 1 {
        assert!(error.to_string().contains("no checkpoint yet"), "{error}");
        return;
    }
    assert!(error.to_string().contains("went back 5 times"), "{error}");
    let factors: Vec<f64> = recorder
        .divergences
        .iter()
        .map(|divergence| match divergence.remedy {
            Remedy::RolledBack { to, rate_factor } => {
                assert_eq!(to, step - 1);
                rate_factor
            }
            Remedy::Skipped => panic!("nothing is skipped"),
        })
        .collect();
    assert_eq!(factors, [0.5, 0.25, 0.125, 0.0625, 0.03125]);
    assert_eq!(factors.len(), MAX_ROLLBACKS as usize);
}
