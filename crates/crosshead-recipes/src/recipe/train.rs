//! The `[train]` section.

use crosshead_data::{Batching, Lengths};
use crosshead_kernels::LabelSmoothing;
use crosshead_train::{AdamConfig, OptimizerConfig, Schedule, TrainConfig};
use serde::{Deserialize, Serialize};

use super::key::InvalidKey;
use crate::report::Metric;

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

/// Tokens of a batch where a recipe does not say.
const DEFAULT_TOKENS: usize = 2000;

/// What holds in a task where a recipe does not say.
pub(crate) struct TrainDefaults {
    pub(crate) label_smoothing: f64,
    pub(crate) select: &'static Metric,
    /// The metrics of a validation.
    pub(crate) metrics: &'static [&'static Metric],
}

/// The length and pace of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSection {
    /// The seed of weights, dropout and data order.
    pub seed: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// Tokens of a batch, padding included.
    pub batch_tokens: Option<usize>,
    /// Examples of a batch, instead of `batch_tokens`.
    pub batch_examples: Option<usize>,
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
    /// The share of the target distribution spread over all classes; the task's default if absent.
    pub label_smoothing: Option<f64>,
    /// Parameters that stay as they are: names, in which `*` stands for anything.
    pub freeze: Vec<String>,
    /// Steps between two validations.
    pub validate_every: u64,
    /// Steps between two checkpoints.
    pub checkpoint_every: u64,
    /// How many of the last checkpoints are kept.
    pub keep: usize,
    /// The metric by which the best model is chosen: `loss`, or a metric of the task; the task's default if absent.
    pub select: Option<String>,
}

impl Default for TrainSection {
    fn default() -> Self {
        Self {
            seed: 1,
            steps: 2000,
            batch_tokens: None,
            batch_examples: None,
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
            label_smoothing: None,
            freeze: Vec::new(),
            validate_every: 280,
            checkpoint_every: 280,
            keep: 2,
            select: None,
        }
    }
}

impl TrainSection {
    /// What the trainer needs.
    pub fn config(&self) -> TrainConfig {
        let &Self { peak, warmup, end, steps, .. } = self;
        let schedule = match self.schedule {
            ScheduleKind::Constant => Schedule::Constant { peak },
            ScheduleKind::InverseSquareRoot => Schedule::InverseSquareRoot { peak, warmup },
            ScheduleKind::Cosine => Schedule::Cosine { peak, end, warmup, steps },
        };
        let adam = AdamConfig::new()
            .with_beta1(self.beta1)
            .with_beta2(self.beta2)
            .with_epsilon(self.epsilon)
            .with_weight_decay(self.weight_decay)
            .with_max_norm(self.max_norm);
        TrainConfig::new(steps, schedule)
            .with_accumulate(self.accumulate)
            .with_optimizer(OptimizerConfig::Adam(adam))
            .with_validate_every(self.validate_every)
            .with_checkpoint_every(self.checkpoint_every)
            .with_seed(self.seed)
    }

    /// The smoothing of the labels.
    pub fn smoothing(&self) -> LabelSmoothing {
        LabelSmoothing::AllClasses(self.label_smoothing.unwrap_or(0.0) as f32)
    }

    /// How examples of these lengths fall into batches.
    pub fn batching(&self, lengths: Vec<Lengths>) -> Batching {
        match self.batch_examples {
            Some(size) => Batching::Examples { examples: lengths.len(), size },
            None => {
                Batching::Tokens { lengths, budget: self.batch_tokens.unwrap_or(DEFAULT_TOKENS) }
            }
        }
    }

    /// Examples of a batch where all have the same number of tokens.
    pub fn batch_size(&self, tokens: usize) -> usize {
        let budget = self.batch_tokens.unwrap_or(DEFAULT_TOKENS);
        self.batch_examples.unwrap_or(budget / tokens.max(1)).max(1)
    }

    /// Fills absent keys with a task's defaults.
    pub(crate) fn resolve(&mut self, defaults: &TrainDefaults) -> Result<(), InvalidKey> {
        if self.batch_examples.is_none() {
            self.batch_tokens.get_or_insert(DEFAULT_TOKENS);
        } else if self.batch_tokens.is_some() {
            let reason = "a batch has a number of examples or of tokens; leave batch_tokens out";
            return wrong("batch_examples", reason);
        }
        self.label_smoothing.get_or_insert(defaults.label_smoothing);
        let select = self.select.get_or_insert(defaults.select.key.to_owned());
        if defaults.metrics.iter().all(|metric| metric.key != *select) {
            let known: Vec<&str> = defaults.metrics.iter().map(|metric| metric.key).collect();
            return wrong(
                "select",
                format!("`{select}` is no figure of this task; there are {}", known.join(", ")),
            );
        }
        self.check()
    }

    /// The first key whose value is impossible, and why.
    fn check(&self) -> Result<(), InvalidKey> {
        let counts = [
            ("steps", self.steps),
            ("batch_tokens", self.batch_tokens.unwrap_or(1) as u64),
            ("batch_examples", self.batch_examples.unwrap_or(1) as u64),
            ("accumulate", self.accumulate as u64),
            ("validate_every", self.validate_every),
            ("checkpoint_every", self.checkpoint_every),
            ("keep", self.keep as u64),
        ];
        if let Some((key, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return wrong(key, "must be at least 1");
        }
        let shares = [
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("label_smoothing", self.label_smoothing.unwrap_or(0.0)),
        ];
        if let Some((key, value)) = shares.iter().find(|(_, value)| !(0.0..1.0).contains(value)) {
            return wrong(key, format!("{value} is outside [0, 1)"));
        }
        let sizes = [
            ("peak", self.peak),
            ("end", self.end),
            ("epsilon", self.epsilon),
            ("weight_decay", self.weight_decay),
            ("max_norm", self.max_norm),
        ];
        match sizes.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            Some((key, value)) => wrong(key, format!("{value} is no number from 0 up")),
            None => Ok(()),
        }
    }
}

/// What is wrong with a key of this section.
fn wrong(key: &str, reason: impl Into<String>) -> Result<(), InvalidKey> {
    Err(InvalidKey::new(format!("train.{key}"), reason))
}
