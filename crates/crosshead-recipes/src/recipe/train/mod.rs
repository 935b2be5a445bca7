//! The `[train]` section.

mod averaging;
mod batch_tokens;
mod check;
mod every;
mod groups;
mod guard;
mod length;
mod loss;
mod number_or_word;
mod optimizer;
mod schedule;

use crosshead_data::{Batching, Lengths};
use crosshead_train::TrainConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::InvalidKey;
use crate::report::Metric;

pub use averaging::AverageKind;
pub use batch_tokens::BatchTokens;
pub use every::Every;
pub use groups::GroupSection;
pub use guard::DivergenceAction;
pub(crate) use length::Epoch;
pub use length::Resolved;
pub use loss::SmoothingOver;
pub use optimizer::{AdafactorScale, DecayOn, MuonRate, OptimizerKind};
pub use schedule::{CooldownForm, ScheduleKind};

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
    /// Optimizer steps. `epochs` or `tokens` can set the length instead; `--set` of one of them replaces the others.
    pub steps: Option<u64>,
    /// Length of the run in passes over the training data, such as 6 or 0.5. The log of a run and its `recipe.toml` (`resolved`)
    /// say how many steps this is.
    pub epochs: Option<f64>,
    /// Length of the run in tokens of the training data, without padding, resolved to steps like `epochs`.
    pub tokens: Option<u64>,
    /// Time after which the run saves a checkpoint and stops, as with Ctrl-C: `"90s"`, `"10m"`, `"2h"` or `"1d"`. `--resume`
    /// continues it. It does not change the learning rate.
    pub max_time: Option<String>,
    /// Tokens per batch, including padding. `"auto"` takes as many as fit into the memory, at most a hundredth of an epoch; it is
    /// determined once, and `recipe.toml` of the run has the number.
    #[schemars(with = "Option<usize>", extend("type" = ["integer", "string"]))]
    pub batch_tokens: Option<BatchTokens>,
    /// Examples per batch, instead of `batch_tokens`.
    pub batch_examples: Option<usize>,
    /// Batches per optimizer step (gradient accumulation).
    pub accumulate: usize,
    /// Whether only the inputs of the layers are kept for the backward pass, which computes each layer again: less memory, a third
    /// more time (Chen et al. 2016).
    pub gradient_checkpointing: bool,
    /// Learning-rate schedule.
    pub schedule: ScheduleKind,
    /// Maximum learning rate, reached after `warmup` steps.
    pub peak: f64,
    /// Warmup steps.
    pub warmup: Option<u64>,
    /// Warmup as a share of all steps, instead of `warmup`.
    pub warmup_share: Option<f64>,
    /// Warmup in tokens of the training data, without padding, instead of `warmup`; resolved to steps like `epochs`.
    pub warmup_tokens: Option<u64>,
    /// Learning rate at the last step; the minimum of `plateau`. `constant` and `inverse-square-root` have no end.
    pub end: f64,
    /// `polynomial`: the power (default 2).
    pub power: Option<f64>,
    /// `cosine-restarts`: the number of decays (default 2).
    pub cycles: Option<u64>,
    /// `warmup-stable-decay`: steps of the last decay (default: a fifth of the steps).
    pub cooldown: Option<u64>,
    /// `warmup-stable-decay`: the last decay as a share of all steps, instead of `cooldown`.
    pub cooldown_share: Option<f64>,
    /// `warmup-stable-decay`: form of the last decay (default: `cosine`).
    pub cooldown_form: Option<CooldownForm>,
    /// `plateau`: the factor of the learning rate (default 0.5).
    pub plateau_factor: Option<f64>,
    /// `plateau`: validations without a better score after which the next one lowers the learning rate (default 2).
    pub plateau_patience: Option<u64>,
    /// `plateau`: how much better a score must be, relative to the best one (default 1e-4).
    pub plateau_threshold: Option<f64>,
    /// The optimizer. A key that it does not use is an error.
    pub optimizer: OptimizerKind,
    /// β₁ of `adam`, `adamw` and `muon` (default 0.9), and of `lion` (default 0.9).
    pub beta1: Option<f64>,
    /// Adam's β₂: of `adam` (default 0.98, as in Vaswani et al. 2017), `adamw` (0.999), `muon` (0.95) and `lion` (0.99).
    pub beta2: Option<f64>,
    /// ε of `adam` (default 1e-9, as in Vaswani et al. 2017), `adamw` and `muon` (1e-8), and `adafactor` (1e-30).
    pub epsilon: Option<f64>,
    /// Weight decay: decoupled, as in AdamW, except in `sgd`. Default 0.01 in `adamw` and `muon`, otherwise 0.
    pub weight_decay: Option<f64>,
    /// The parameters to which `weight_decay` applies. Default: `all` in `adam`, otherwise `matrices`.
    pub decay_on: Option<DecayOn>,
    /// Momentum of `sgd` (default 0.9) and `muon` (0.95).
    pub momentum: Option<f64>,
    /// Whether the momentum of `sgd` (default false) and `muon` (true) is Nesterov's.
    pub nesterov: Option<bool>,
    /// `muon`: learning rate of the matrices, relative to that of the schedule (default: `match-adam`).
    pub muon_rate: Option<MuonRate>,
    /// `adafactor`: size of the updates (default: `parameter`).
    pub adafactor_scale: Option<AdafactorScale>,
    /// `adafactor`: c in the decay rate 1 − t⁻ᶜ of the second moments (default 0.8).
    pub adafactor_decay: Option<f64>,
    /// `adafactor`: largest root mean square of an update before it is scaled (default 1).
    pub adafactor_clip: Option<f64>,
    /// Gradients are clipped to this global norm; 0 disables clipping.
    pub max_norm: f64,
    /// Factor of the learning rate for each layer below the head, from the last layer to the embeddings; 1 treats all layers alike.
    /// The layers of a decoder are above those of its encoder.
    pub layer_decay: f64,
    /// Label smoothing: the probability mass ε that is spread evenly over classes.
    pub label_smoothing: Option<f64>,
    /// The classes over which `label_smoothing` is spread. The padding is never one of them.
    pub smoothing_over: SmoothingOver,
    /// Weight of the z-loss log²Z, where Z is the sum of the exponentials of the logits, such as 1e-4 (Chowdhery et al. 2023).
    pub z_loss: f64,
    /// α of R-Drop (Wu et al. 2021), such as 5: each batch is run twice with different dropout, and the loss has a term for how much
    /// the two differ. Training takes two to three times as long. Only for `translate`, `summarize` and `classify`; 0 is off.
    pub r_drop: f64,
    /// Parameters that are not trained, by name; `*` matches any text, as in `["encoder.embedding*"]`.
    pub freeze: Vec<String>,
    /// Steps between validations, or `"epoch"`.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    pub validate_every: Every,
    /// Steps between checkpoints, or `"epoch"`.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    pub checkpoint_every: Every,
    /// Number of checkpoints to keep. If the newest one is damaged, `--resume` says so and continues from the previous
    /// one.
    pub keep: usize,
    /// The validation metric that selects the best model: `loss` in every task, `bleu` in `translate`, `rouge1`, `rouge2` or
    /// `rouge_l` in `summarize`, `accuracy` in `classify` and `masked-lm`, `macro_f1` in `classify` (the mean over the classes
    /// that occur, as in scikit-learn).
    pub select: Option<String>,
    /// Ends the run after this many validations without a better score.
    pub patience: Option<u64>,
    /// Decay of an exponential moving average of the weights, such as 0.999. The average is what is validated and saved as the
    /// model. In step t the decay is at most (1 + t) / (10 + t).
    pub ema: Option<f64>,
    /// Number of models whose weights are averaged at the end of the run. The average is validated, and becomes the model if it is
    /// the best by `select`.
    pub average: Option<usize>,
    /// What `average` averages (default: `last`).
    pub average_of: Option<AverageKind>,
    /// What happens when the loss or the gradient is infinite or NaN, or a spike. The message and the log name the examples.
    pub on_divergence: DivergenceAction,
    /// A loss or a gradient norm of more than this many times its running mean over about 50 steps is a spike. By default there are
    /// no spikes.
    pub spike: Option<f64>,
    /// Groups of parameters with their own learning rate or weight decay: `[[train.groups]]` with `name`, a pattern as in `freeze`,
    /// `learning_rate`, a factor of the schedule's (default 1), and `weight_decay`. The first group that matches a name counts.
    pub groups: Vec<GroupSection>,
    /// Written by a run: the steps of an epoch, of `epochs` or `tokens`, and of `warmup_tokens`. A new run computes them again.
    pub resolved: Option<Resolved>,
}

impl Default for TrainSection {
    fn default() -> Self {
        Self {
            seed: 1,
            steps: None,
            epochs: None,
            tokens: None,
            max_time: None,
            batch_tokens: None,
            batch_examples: None,
            accumulate: 1,
            gradient_checkpointing: false,
            schedule: ScheduleKind::InverseSquareRoot,
            peak: 1e-3,
            warmup: None,
            warmup_share: None,
            warmup_tokens: None,
            end: 1e-4,
            power: None,
            cycles: None,
            cooldown: None,
            cooldown_share: None,
            cooldown_form: None,
            plateau_factor: None,
            plateau_patience: None,
            plateau_threshold: None,
            optimizer: OptimizerKind::Adam,
            beta1: None,
            beta2: None,
            epsilon: None,
            weight_decay: None,
            decay_on: None,
            momentum: None,
            nesterov: None,
            muon_rate: None,
            adafactor_scale: None,
            adafactor_decay: None,
            adafactor_clip: None,
            max_norm: 1.0,
            layer_decay: 1.0,
            label_smoothing: None,
            smoothing_over: SmoothingOver::All,
            z_loss: 0.0,
            r_drop: 0.0,
            freeze: Vec::new(),
            validate_every: Every::Steps(280),
            checkpoint_every: Every::Steps(280),
            keep: 2,
            select: None,
            patience: None,
            ema: None,
            average: None,
            average_of: None,
            on_divergence: DivergenceAction::Stop,
            spike: None,
            groups: Vec::new(),
            resolved: None,
        }
    }
}

impl TrainSection {
    /// The configuration of the trainer.
    pub fn config(&self) -> TrainConfig {
        let steps = self.steps();
        let config = TrainConfig::new(steps, self.schedule_of(steps))
            .with_accumulate(self.accumulate)
            .with_optimizer(self.optimizer())
            .with_max_norm(self.max_norm)
            .with_decayed(self.decayed())
            .with_guard(self.guard())
            .with_validate_every(self.steps_between(self.validate_every))
            .with_checkpoint_every(self.steps_between(self.checkpoint_every))
            .with_seed(self.seed);
        self.with_averaging(config)
    }

    /// Batches of examples with these source and target lengths.
    pub fn batching(&self, lengths: Vec<Lengths>) -> Batching {
        match self.batch_examples {
            Some(size) => Batching::Examples { examples: lengths.len(), size },
            None => Batching::Tokens { lengths, budget: self.token_budget() },
        }
    }

    /// Examples per batch if all of them have `tokens` tokens.
    pub fn batch_size(&self, tokens: usize) -> usize {
        self.batch_examples.unwrap_or(self.token_budget() / tokens.max(1)).max(1)
    }

    /// Tokens per batch.
    pub(crate) fn token_budget(&self) -> usize {
        match self.batch_tokens {
            Some(BatchTokens::Tokens(tokens)) => tokens,
            Some(BatchTokens::Auto) | None => DEFAULT_TOKENS,
        }
    }

    /// Fills in absent keys with the defaults of a task.
    pub(crate) fn resolve(&mut self, defaults: &TrainDefaults) -> Result<(), InvalidKey> {
        if self.batch_examples.is_none() {
            self.batch_tokens.get_or_insert(BatchTokens::Tokens(DEFAULT_TOKENS));
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
        self.check_users()?;
        self.fill_length()?;
        self.fill_optimizer();
        self.fill_schedule();
        self.fill_averaging()?;
        self.check()
    }
}

/// An error about a key of this section.
fn wrong(key: &str, reason: impl Into<String>) -> Result<(), InvalidKey> {
    Err(InvalidKey::new(format!("train.{key}"), reason))
}
