//! The `[train]` section.

use crosshead_kernels::LabelSmoothing;
use crosshead_train::{AdamConfig, Schedule, TrainConfig};
use serde::{Deserialize, Serialize};

/// The course of the learning rate, as a recipe spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// Always the peak.
    Constant,
    /// Linear warm-up, then inverse square root (Vaswani et al. 2017, equation 3).
    InverseSquareRoot,
    /// Linear warm-up, then half a cosine down to `end`.
    Cosine,
}

/// By what the best model is chosen on the validation pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// The highest BLEU of greedy translations.
    Bleu,
    /// The lowest negative log-likelihood.
    Loss,
}

/// The length and pace of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSection {
    /// The seed of weights, dropout and data order.
    pub seed: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// Source and target tokens of a batch, padding included.
    pub batch_tokens: usize,
    /// Batches whose gradients make one step.
    pub accumulate: usize,
    /// The course of the learning rate.
    pub schedule: ScheduleKind,
    /// The highest learning rate.
    pub peak: f64,
    /// Steps until the peak.
    pub warmup: u64,
    /// The last learning rate of the cosine schedule.
    pub end: f64,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
    /// Added to the root of Adam's second moment.
    pub epsilon: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// The largest global norm of the gradient; 0 is no limit.
    pub max_norm: f64,
    /// The share of the target distribution spread over all classes.
    pub label_smoothing: f64,
    /// Steps between two validations.
    pub validate_every: u64,
    /// Steps between two checkpoints.
    pub checkpoint_every: u64,
    /// By what the best model is chosen.
    pub select: Selection,
}

impl Default for TrainSection {
    fn default() -> Self {
        Self {
            seed: 1,
            steps: 2000,
            batch_tokens: 2000,
            accumulate: 1,
            schedule: ScheduleKind::InverseSquareRoot,
            peak: 1e-3,
            warmup: 400,
            end: 1e-4,
            beta1: 0.9,
            beta2: 0.98,
            epsilon: 1e-9,
            weight_decay: 0.0,
            max_norm: 1.0,
            label_smoothing: 0.1,
            validate_every: 280,
            checkpoint_every: 280,
            select: Selection::Bleu,
        }
    }
}

impl TrainSection {
    /// What the trainer needs.
    pub fn config(&self) -> TrainConfig {
        let &Self { peak, warmup, end, steps, .. } = self;
        TrainConfig {
            steps,
            accumulate: self.accumulate,
            schedule: match self.schedule {
                ScheduleKind::Constant => Schedule::Constant { peak },
                ScheduleKind::InverseSquareRoot => Schedule::InverseSquareRoot { peak, warmup },
                ScheduleKind::Cosine => Schedule::Cosine { peak, end, warmup, steps },
            },
            adam: AdamConfig {
                beta1: self.beta1,
                beta2: self.beta2,
                epsilon: self.epsilon,
                weight_decay: self.weight_decay,
                max_norm: self.max_norm,
            },
            validate_every: self.validate_every,
            checkpoint_every: self.checkpoint_every,
            seed: self.seed,
        }
    }

    /// The smoothing of the labels.
    pub fn smoothing(&self) -> LabelSmoothing {
        LabelSmoothing::AllClasses(self.label_smoothing as f32)
    }

    /// The first key whose value is impossible, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let counts = [
            ("steps", self.steps),
            ("batch_tokens", self.batch_tokens as u64),
            ("accumulate", self.accumulate as u64),
            ("validate_every", self.validate_every),
            ("checkpoint_every", self.checkpoint_every),
        ];
        if let Some((key, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return Err((key, "must be at least 1".to_owned()));
        }
        let shares = [
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("label_smoothing", self.label_smoothing),
        ];
        if let Some((key, value)) = shares.iter().find(|(_, value)| !(0.0..1.0).contains(value)) {
            return Err((key, format!("{value} is outside [0, 1)")));
        }
        let sizes = [
            ("peak", self.peak),
            ("end", self.end),
            ("epsilon", self.epsilon),
            ("weight_decay", self.weight_decay),
            ("max_norm", self.max_norm),
        ];
        match sizes.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            Some((key, value)) => Err((key, format!("{value} is no number from 0 up"))),
            None => Ok(()),
        }
    }
}
