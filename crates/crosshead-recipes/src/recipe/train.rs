//! The `[train]` section.

use crosshead_data::{Batching, Lengths};
use crosshead_kernels::LabelSmoothing;
use crosshead_train::{AdamConfig, OptimizerConfig, Schedule, TrainConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::InvalidKey;
use crate::report::Metric;

/// The learning-rate schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// `peak` at every step.
    Constant,
    /// Linear warmup, then decay with the inverse square root of the step (Vaswani et al. 2017, equation 3, whose peak is
    /// (d_model · warmup)^−½).
    InverseSquareRoot,
    /// Linear warmup, then cosine decay to `end` at the last step.
    Cosine,
}

/// Default of `batch_tokens`.
const DEFAULT_TOKENS: usize = 2000;

/// Defaults that depend on the task.
pub(crate) struct TrainDefaults {
    pub(crate) label_smoothing: f64,
    pub(crate) select: &'static Metric,
    /// The metrics that `select` can name.
    pub(crate) metrics: &'static [&'static Metric],
}

/// Training: length, batches, optimizer, validation and checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSection {
    /// Seed of initialization, dropout and data order.
    pub seed: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// Tokens per batch, including padding.
    pub batch_tokens: Option<usize>,
    /// Examples per batch, instead of `batch_tokens`.
    pub batch_examples: Option<usize>,
    /// Batches per optimizer step (gradient accumulation).
    pub accumulate: usize,
    /// Learning-rate schedule.
    pub schedule: ScheduleKind,
    /// Maximum learning rate, reached after `warmup` steps.
    pub peak: f64,
    /// Warmup steps.
    pub warmup: u64,
    /// `cosine`: learning rate at the last step.
    pub end: f64,
    /// Adam's β₁, as in Vaswani et al. 2017.
    pub beta1: f64,
    /// Adam's β₂, as in Vaswani et al. 2017.
    pub beta2: f64,
    /// Adam's ε, as in Vaswani et al. 2017.
    pub epsilon: f64,
    /// Decoupled weight decay, as in AdamW.
    pub weight_decay: f64,
    /// Gradients are clipped to this global norm; 0 disables clipping.
    pub max_norm: f64,
    /// Label smoothing: the probability mass that is spread evenly over all classes.
    pub label_smoothing: Option<f64>,
    /// Parameters that are not trained, by name; `*` matches any text, as in `["encoder.embedding*"]`.
    pub freeze: Vec<String>,
    /// Steps between validations.
    pub validate_every: u64,
    /// Steps between checkpoints.
    pub checkpoint_every: u64,
    /// Number of checkpoints to keep. If the newest one is damaged, `--resume` says so and continues from the previous
    /// one.
    pub keep: usize,
    /// The validation metric that selects the best model: `loss` in every task, `bleu` in `translate`, `rouge1`, `rouge2` or
    /// `rouge_l` in `summarize`, `accuracy` in `classify` and `masked-lm`, `macro_f1` in `classify` (the mean over the classes
    /// that occur, as in scikit-learn).
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
    /// The configuration of the trainer.
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

    /// The label smoothing.
    pub fn smoothing(&self) -> LabelSmoothing {
        LabelSmoothing::AllClasses(self.label_smoothing.unwrap_or(0.0) as f32)
    }

    /// Batches of examples with these source and target lengths.
    pub fn batching(&self, lengths: Vec<Lengths>) -> Batching {
        match self.batch_examples {
            Some(size) => Batching::Examples { examples: lengths.len(), size },
            None => {
                Batching::Tokens { lengths, budget: self.batch_tokens.unwrap_or(DEFAULT_TOKENS) }
            }
        }
    }

    /// Examples per batch if all of them have `tokens` tokens.
    pub fn batch_size(&self, tokens: usize) -> usize {
        let budget = self.batch_tokens.unwrap_or(DEFAULT_TOKENS);
        self.batch_examples.unwrap_or(budget / tokens.max(1)).max(1)
    }

    /// Fills in absent keys with the defaults of a task.
    pub(crate) fn resolve(&mut self, defaults: &TrainDefaults) -> Result<(), InvalidKey> {
        if self.batch_examples.is_none() {
            self.batch_tokens.get_or_insert(DEFAULT_TOKENS);
        } else if self.batch_tokens.is_some() {
            let reason = "set either batch_examples or batch_tokens, not both";
            return wrong("batch_examples", reason);
        }
        self.label_smoothing.get_or_insert(defaults.label_smoothing);
        let select = self.select.get_or_insert(defaults.select.key.to_owned());
        if defaults.metrics.iter().all(|metric| metric.key != *select) {
            let known: Vec<&str> = defaults.metrics.iter().map(|metric| metric.key).collect();
            return wrong(
                "select",
                format!("unknown metric `{select}`; expected one of {}", known.join(", ")),
            );
        }
        self.check()
    }

    /// The first key with an invalid value, and the reason.
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
            Some((key, value)) => {
                wrong(key, format!("{value}: must be a finite number of at least 0"))
            }
            None => Ok(()),
        }
    }
}

/// An error about a key of this section.
fn wrong(key: &str, reason: impl Into<String>) -> Result<(), InvalidKey> {
    Err(InvalidKey::new(format!("train.{key}"), reason))
}
