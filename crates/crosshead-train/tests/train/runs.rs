//! The training loop on a tiny model: a quadratic loss with dropout.

use burn::tensor::{Device, Tensor};
use crosshead_data::{BatchStream, Batching};
use crosshead_kernels::{Linear, LinearConfig, Mode, dropout};
use crosshead_train::{
    AdamConfig, Checkpoint, Observer, OptimizerConfig, Outcome, Progress, Schedule, StepReport,
    Symptom, Task, TrainConfig, TrainError, Trainer, Validation, Weights,
};
use crosshead_weights::parameters;

/// y = 2x − 1 at a few points.
struct Line {
    device: Device,
    scale: f32,
}

const EXAMPLES: usize = 10;

impl Line {
    fn new() -> Self {
        Self { device: Device::flex().autodiff(), scale: 1.0 }
    }

    fn model(&self) -> Linear {
        LinearConfig::new(1, 1).init(&self.device)
    }
}

impl Task for Line {
    type Model = Linear;

    fn loss(&self, model: &Linear, examples: &[usize], mode: Mode) -> Tensor<1> {
        let x: Vec<f32> = examples.iter().map(|&i| i as f32 / EXAMPLES as f32).collect();
        let x = Tensor::<1>::from_data(x.as_slice(), &self.device).reshape([examples.len(), 1]);
        let y = x.clone() * 2.0 - 1.0;
        (dropout(model.forward(x, mode), 0.1, mode) - y).square().sum() * self.scale
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.len()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        3 * examples.len()
    }
}

/// Records all reports.
#[derive(Default)]
struct Recorder {
    reports: Vec<StepReport>,
    /// The scores of successive validations.
    scores: Vec<f64>,
    validated: Vec<u64>,
    best: Vec<u64>,
    checkpoints: Vec<Checkpoint>,
    stop_at: Option<u64>,
}

impl Observer<Linear> for Recorder {
    fn on_step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        self.reports.push(report.clone());
        Ok(())
    }

    fn validate(
        &mut self,
        _: &Linear,
        progress: &Progress,
        _: Weights,
    ) -> Result<Validation, TrainError> {
        let score = self.scores.get(self.validated.len()).copied().unwrap_or(0.0);
        self.validated.push(progress.step);
        Ok(Validation { score })
    }

    fn on_best(&mut self, _: &Linear, progress: &Progress) -> Result<(), TrainError> {
        assert_eq!(progress.best_step, Some(progress.step));
        self.best.push(progress.step);
        Ok(())
    }

    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        self.checkpoints.push(checkpoint);
        Ok(())
    }

    fn should_stop(&self) -> bool {
        self.reports.last().map(|report| report.progress.step) == self.stop_at
    }
}

fn config(steps: u64) -> TrainConfig {
    let schedule = Schedule::Cosine { peak: 0.1, end: 0.01, warmup: 3, steps: 12 };
    scheduled(steps, schedule)
}

fn scheduled(steps: u64, schedule: Schedule) -> TrainConfig {
    TrainConfig::new(steps, schedule)
        .with_accumulate(2)
        .with_optimizer(OptimizerConfig::Adam(AdamConfig::new().with_weight_decay(0.01)))
        .with_validate_every(4)
        .with_checkpoint_every(5)
        .with_seed(7)
}

fn trainer(task: &Line, config: TrainConfig) -> Trainer<'_, Line> {
    let batching = Batching::Examples { examples: EXAMPLES, size: 4 };
    Trainer::new(task, config, BatchStream::new(batching, 7), task.model())
}

/// The fields of a report that do not depend on the clock.
fn timeless(report: &StepReport) -> (u64, u64, usize, u64, [u64; 3]) {
    let Progress { step, epoch, batch, tokens, .. } = report.progress;
    let values = [report.loss, report.gradient_norm, report.learning_rate];
    (step, epoch, batch, tokens, values.map(f64::to_bits))
}

#[test]
fn a_run_learns_a_line() {
    let task = Line::new();
    let schedule = Schedule::Constant { peak: 0.05 };
    let mut trainer = trainer(&task, scheduled(300, schedule));
    let mut recorder = Recorder::default();
    assert_eq!(trainer.run(&mut recorder).unwrap(), Outcome::Finished);
    let (first, last) = (&recorder.reports[0], recorder.reports.last().unwrap());
    assert!(last.loss < first.loss / 5.0, "from {} to {}", first.loss, last.loss);
    let tokens: u64 = recorder.reports.iter().map(|report| 3 * report.targets as u64).sum();
    assert_eq!(last.progress.tokens, tokens);
}

#[test]
fn validations_and_checkpoints_run_when_due_and_at_the_end() {
    let task = Line::new();
    let mut recorder = Recorder::default();
    trainer(&task, config(11)).run(&mut recorder).unwrap();
    assert_eq!(recorder.validated, [4, 8, 11]);
    let steps: Vec<u64> = recorder.checkpoints.iter().map(|at| at.progress.step).collect();
    assert_eq!(steps, [5, 10, 11]);
}

#[test]
fn a_resumed_run_takes_bitwise_identical_steps() {
    let task = Line::new();
    let (mut full, mut full_recorder) = (trainer(&task, config(12)), Recorder::default());
    full.run(&mut full_recorder).unwrap();
    for stop in 1..12 {
        let mut first = Recorder { stop_at: Some(stop), ..Recorder::default() };
        assert_eq!(trainer(&task, config(12)).run(&mut first).unwrap(), Outcome::Stopped);
        let checkpoint = first.checkpoints.pop().unwrap();
        assert_eq!(checkpoint.progress.step, stop);
        let mut resumed = trainer(&task, config(12)).resume(checkpoint).unwrap();
        let mut second = Recorder::default();
        assert_eq!(resumed.run(&mut second).unwrap(), Outcome::Finished);
        let both: Vec<_> = first.reports.iter().chain(&second.reports).map(timeless).collect();
        assert_eq!(both, full_recorder.reports.iter().map(timeless).collect::<Vec<_>>());
        assert_eq!(parameters::read(resumed.model()), parameters::read(full.model()));
        let last = |recorder: &Recorder| recorder.checkpoints.last().unwrap().optimizer.clone();
        assert_eq!(last(&second), last(&full_recorder), "stopped at {stop}");
    }
}

#[test]
fn ties_go_to_the_later_score_and_nan_is_replaced() {
    let task = Line::new();
    let scores = vec![f64::NAN, 1.0, 0.5, 1.0, 2.0, f64::NAN];
    let mut recorder = Recorder { scores, ..Recorder::default() };
    trainer(&task, config(24)).run(&mut recorder).unwrap();
    assert_eq!(recorder.validated, [4, 8, 12, 16, 20, 24]);
    assert_eq!(recorder.best, [4, 8, 16, 20]);
    let progress = &recorder.checkpoints.last().unwrap().progress;
    assert_eq!((progress.best_step, progress.best_score), (Some(20), Some(2.0)));
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run() {
    let task = Line { scale: f32::INFINITY, ..Line::new() };
    let error = trainer(&task, config(3)).run(&mut Recorder::default()).unwrap_err();
    let TrainError::Diverged { step: 1, symptom: Symptom::LossNotFinite, examples, .. } = &error
    else {
        panic!("{error}")
    };
    // Two batches of four different examples.
    assert!(examples.len() == 8 && examples.iter().all(|&example| example < EXAMPLES));
    let shown = format!("(training examples {}", examples[0]);
    assert!(error.to_string().starts_with("step 1: the loss is not finite"), "{error}");
    assert!(error.to_string().contains(&shown), "{error}");
}

/// A change of a checkpoint, and part of the expected error.
type Damage<'a> = (&'a dyn Fn(&mut Checkpoint), &'a str);

#[test]
fn a_checkpoint_of_a_different_model_is_an_error_that_names_the_parameter() {
    let task = Line::new();
    let mut recorder = Recorder::default();
    trainer(&task, config(1)).run(&mut recorder).unwrap();
    let saved = || Checkpoint {
        progress: recorder.checkpoints[0].progress.clone(),
        weights: recorder.checkpoints[0].weights.clone(),
        optimizer: recorder.checkpoints[0].optimizer.clone(),
    };
    let error_of = |change: &dyn Fn(&mut Checkpoint)| {
        let mut checkpoint = saved();
        change(&mut checkpoint);
        trainer(&task, config(2)).resume(checkpoint).map(drop).unwrap_err().to_string()
    };
    let three = || burn::tensor::TensorData::from([1.0_f32, 2.0, 3.0]);
    let cases: [Damage<'_>; 4] = [
        (&|at| drop(at.weights.remove("bias")), "weight `bias` is missing"),
        (&|at| drop(at.weights.insert("weight".to_owned(), three())), "`weight` has shape [3]"),
        (&|at| drop(at.optimizer.remove("second.bias")), "`first.bias`: the other moment estimate"),
        (&|at| drop(at.optimizer.insert("first.bias".to_owned(), three())), "`first.bias`"),
    ];
    for (change, expected) in cases {
        let message = error_of(change);
        assert!(
            message.contains("does not match the model") && message.contains(expected),
            "{message}"
        );
    }
}

#[test]
fn training_without_examples_is_an_error() {
    let task = Line::new();
    let batches = BatchStream::new(Batching::Examples { examples: 0, size: 4 }, 7);
    let mut trainer = Trainer::new(&task, config(3), batches, task.model());
    let error = trainer.run(&mut Recorder::default()).unwrap_err();
    assert!(matches!(error, TrainError::NoExamples));
}
