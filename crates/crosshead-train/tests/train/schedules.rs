//! Equality with the schedules of transformers and PyTorch (`fixtures/export_schedules.py`).

use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{BatchStream, Batching};
use crosshead_kernels::{Linear, LinearConfig, Mode};
use crosshead_train::{
    Checkpoint, Observer, Plateau, Progress, Schedule, SgdConfig, StepReport, Task, TrainConfig,
    TrainError, Trainer, Validation, Weights,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    schedules: Vec<Rates>,
    plateaus: Vec<OnPlateau>,
}

#[derive(Deserialize)]
struct Rates {
    schedule: Schedule,
    /// From step 1.
    rates: Vec<f64>,
}

#[derive(Deserialize)]
struct OnPlateau {
    plateau: Plateau,
    end: f64,
    scores: Vec<f64>,
    /// After each score.
    rates: Vec<f64>,
}

fn fixture() -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schedules.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn rates_equal_those_of_transformers() {
    for Rates { schedule, rates } in fixture().schedules {
        for (step, expected) in (1..).zip(rates) {
            let found = schedule.rate(step);
            assert!(
                (found - expected).abs() < 1e-12,
                "{schedule:?}, step {step}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn the_end_is_that_of_every_decay() {
    let (peak, end, warmup, steps) = (1.0, 0.25, 10, 100);
    let form = crosshead_train::Cooldown::OneMinusSqrt;
    let schedules = [
        Schedule::Linear { peak, end, warmup, steps },
        Schedule::Polynomial { peak, end, warmup, steps, power: 2.0 },
        Schedule::Cosine { peak, end, warmup, steps },
        Schedule::CosineRestarts { peak, end, warmup, steps, cycles: 3 },
        Schedule::WarmupStableDecay { peak, end, warmup, steps, cooldown: 30, form },
    ];
    for schedule in schedules {
        assert!((schedule.rate(warmup) - peak).abs() < 1e-12, "{schedule:?}");
        assert!((schedule.rate(steps) - end).abs() < 1e-12, "{schedule:?}");
        assert!((schedule.rate(steps + 50) - end).abs() < 1e-12, "{schedule:?}");
    }
}

/// A weight that is drawn to 0.
struct Well(Device);

impl Task for Well {
    type Model = Linear;

    fn loss(&self, model: &Linear, _: &[usize], mode: Mode) -> Tensor<1> {
        model.forward(Tensor::ones([1, 1], &self.0), mode).square().sum()
    }

    fn targets(&self, _: &[usize]) -> usize {
        1
    }

    fn tokens(&self, _: &[usize]) -> usize {
        1
    }
}

/// Gives scores and records rates.
#[derive(Default)]
struct Scores {
    scores: Vec<f64>,
    rates: Vec<f64>,
    checkpoints: Vec<Checkpoint>,
}

impl Observer<Linear> for Scores {
    fn on_step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        self.rates.push(report.learning_rate);
        Ok(())
    }

    fn validate(
        &mut self,
        _: &Linear,
        at: &Progress,
        _: Weights,
    ) -> Result<Validation, TrainError> {
        let score = self.scores.get(at.step as usize - 1).copied();
        Ok(Validation { score: score.unwrap_or(0.0) })
    }

    fn on_best(&mut self, _: &Linear, _: &Progress) -> Result<(), TrainError> {
        Ok(())
    }

    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        self.checkpoints.push(checkpoint);
        Ok(())
    }

    fn should_stop(&self) -> bool {
        false
    }
}

#[test]
fn rates_on_a_plateau_equal_those_of_pytorch_and_survive_a_restart() {
    let task = Well(Device::flex().autodiff());
    for case in fixture().plateaus {
        let schedule =
            Schedule::Plateau { peak: 0.5, end: case.end, warmup: 1, plateau: case.plateau };
        let steps = case.scores.len() as u64 + 1;
        let config = TrainConfig::new(steps, schedule)
            .with_optimizer(SgdConfig::new())
            .with_validate_every(1)
            .with_checkpoint_every(1);
        let batches = BatchStream::new(Batching::Examples { examples: 3, size: 1 }, 1);
        let new = || {
            let model = LinearConfig::new(1, 1).init(&task.0);
            Trainer::new(&task, config, batches.clone(), model)
        };
        let mut full = Scores { scores: case.scores.clone(), ..Scores::default() };
        new().run(&mut full).unwrap();
        assert_eq!(full.rates[0], 0.5);
        for (found, expected) in full.rates[1..].iter().zip(&case.rates) {
            assert!((found - expected).abs() < 1e-12, "{:?}, not {:?}", full.rates, case.rates);
        }
        for (at, checkpoint) in full.checkpoints.into_iter().enumerate() {
            let mut resumed = Scores { scores: case.scores.clone(), ..Scores::default() };
            new().resume(checkpoint).unwrap().run(&mut resumed).unwrap();
            assert_eq!(resumed.rates, full.rates[at + 1..]);
        }
    }
}
