//! The loop on a model of a few numbers: a quadratic loss with dropout.

use burn::tensor::{Device, Tensor};
use crosshead_data::{BatchStream, Batching};
use crosshead_kernels::{Linear, LinearConfig, Mode, dropout};
use crosshead_train::{
    AdamConfig, Checkpoint, Observer, OptimizerConfig, Outcome, Progress, Schedule, StepReport,
    Task, TrainConfig, TrainError, Trainer, Validation,
};
use crosshead_weights::parameters;

/// y = 2x − 1 at a few places.
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
        (dropout(model.forward(x), 0.1, mode) - y).square().sum() * self.scale
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.len()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        3 * examples.len()
    }
}

/// Keeps all reports.
#[derive(Default)]
struct Recorder {
    reports: Vec<StepReport>,
    /// What validations find, in turn.
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

    fn validate(&mut self, _: &Linear, progress: &Progress) -> Result<Validation, TrainError> {
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
    TrainConfig {
        steps,
        accumulate: 2,
        schedule: Schedule::Cosine { peak: 0.1, end: 0.01, warmup: 3, steps: 12 },
        optimizer: OptimizerConfig::Adam(AdamConfig {
            weight_decay: 0.01,
            ..AdamConfig::default()
        }),
        validate_every: 4,
        checkpoint_every: 5,
        seed: 7,
    }
}

fn trainer(task: &Line, config: TrainConfig) -> Trainer<'_, Line> {
    let batching = Batching::Examples { examples: EXAMPLES, size: 4 };
    Trainer::new(task, config, BatchStream::new(batching, 7), task.model())
}

/// What of a report does not depend on the clock.
fn told(report: &StepReport) -> (u64, u64, usize, u64, [u64; 3]) {
    let Progress { step, epoch, batch, tokens, .. } = report.progress;
    let values = [report.loss, report.gradient_norm, report.learning_rate];
    (step, epoch, batch, tokens, values.map(f64::to_bits))
}

#[test]
fn a_run_learns_a_line() {
    let task = Line::new();
    let schedule = Schedule::Constant { peak: 0.05 };
    let mut trainer = trainer(&task, TrainConfig { schedule, ..config(300) });
    let mut recorder = Recorder::default();
    assert_eq!(trainer.run(&mut recorder).unwrap(), Outcome::Finished);
    let (first, last) = (&recorder.reports[0], recorder.reports.last().unwrap());
    assert!(last.loss < first.loss / 5.0, "from {} to {}", first.loss, last.loss);
    let tokens: u64 = recorder.reports.iter().map(|report| 3 * report.targets as u64).sum();
    assert_eq!(last.progress.tokens, tokens);
}

#[test]
fn validations_and_checkpoints_come_when_due_and_at_the_end() {
    let task = Line::new();
    let mut recorder = Recorder::default();
    trainer(&task, config(11)).run(&mut recorder).unwrap();
    assert_eq!(recorder.validated, [4, 8, 11]);
    let steps: Vec<u64> = recorder.checkpoints.iter().map(|at| at.progress.step).collect();
    assert_eq!(steps, [5, 10, 11]);
}

#[test]
fn a_resumed_run_takes_the_same_steps_bit_for_bit() {
    let task = Line::new();
    let (mut whole, mut whole_recorder) = (trainer(&task, config(12)), Recorder::default());
    whole.run(&mut whole_recorder).unwrap();
    for stop in 1..12 {
        let mut first = Recorder { stop_at: Some(stop), ..Recorder::default() };
        assert_eq!(trainer(&task, config(12)).run(&mut first).unwrap(), Outcome::Stopped);
        let checkpoint = first.checkpoints.pop().unwrap();
        assert_eq!(checkpoint.progress.step, stop);
        let mut resumed = trainer(&task, config(12)).resume(checkpoint).unwrap();
        let mut second = Recorder::default();
        assert_eq!(resumed.run(&mut second).unwrap(), Outcome::Finished);
        let both: Vec<_> = first.reports.iter().chain(&second.reports).map(told).collect();
        assert_eq!(both, whole_recorder.reports.iter().map(told).collect::<Vec<_>>());
        assert_eq!(parameters::read(resumed.model()), parameters::read(whole.model()));
        let last = |recorder: &Recorder| recorder.checkpoints.last().unwrap().optimizer.clone();
        assert_eq!(last(&second), last(&whole_recorder), "stopped at {stop}");
    }
}

#[test]
fn of_equal_scores_the_last_is_the_best_and_nan_never_stays_so() {
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
fn a_loss_that_is_not_finite_ends_the_run_without_a_word_of_recipes() {
    let task = Line { scale: f32::INFINITY, ..Line::new() };
    let error = trainer(&task, config(3)).run(&mut Recorder::default()).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { step: 1, what: "loss" }));
    assert_eq!(error.to_string(), "step 1: the loss is not finite");
}

/// Something that damages a checkpoint, and what the error then says.
type Damage<'a> = (&'a dyn Fn(&mut Checkpoint), &'a str);

#[test]
fn a_checkpoint_of_another_model_is_refused_by_parameter() {
    let task = Line::new();
    let mut recorder = Recorder::default();
    trainer(&task, config(1)).run(&mut recorder).unwrap();
    let whole = || Checkpoint {
        progress: recorder.checkpoints[0].progress.clone(),
        weights: recorder.checkpoints[0].weights.clone(),
        optimizer: recorder.checkpoints[0].optimizer.clone(),
    };
    let refused = |change: &dyn Fn(&mut Checkpoint)| {
        let mut checkpoint = whole();
        change(&mut checkpoint);
        trainer(&task, config(2)).resume(checkpoint).map(drop).unwrap_err().to_string()
    };
    let three = || burn::tensor::TensorData::from([1.0_f32, 2.0, 3.0]);
    let cases: [Damage<'_>; 4] = [
        (&|at| drop(at.weights.remove("bias")), "no weight `bias`"),
        (&|at| drop(at.weights.insert("weight".to_owned(), three())), "`weight` has shape [3]"),
        (&|at| drop(at.optimizer.remove("second.bias")), "`first.bias` has no partner"),
        (&|at| drop(at.optimizer.insert("first.bias".to_owned(), three())), "`first.bias`"),
    ];
    for (change, expected) in cases {
        let message = refused(change);
        assert!(message.contains("another model") && message.contains(expected), "{message}");
    }
}

#[test]
fn without_examples_there_is_no_step() {
    let task = Line::new();
    let batches = BatchStream::new(Batching::Examples { examples: 0, size: 4 }, 7);
    let mut trainer = Trainer::new(&task, config(3), batches, task.model());
    let error = trainer.run(&mut Recorder::default()).unwrap_err();
    assert!(matches!(error, TrainError::NoExamples));
}
