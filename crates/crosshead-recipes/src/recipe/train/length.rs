//! The length of a run: in steps, epochs or tokens, resolved to steps on the data of the run.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Every, TrainSection};
use crate::recipe::InvalidKey;

/// Default of `steps`.
const DEFAULT_STEPS: u64 = 2000;

/// Default of `warmup`.
const DEFAULT_WARMUP: u64 = 400;

/// What keys that count epochs or tokens amount to on the data of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resolved {
    /// The steps of an epoch.
    pub epoch: u64,
    /// The steps of `epochs` or `tokens`.
    pub steps: Option<u64>,
    /// The steps of `warmup_tokens`.
    pub warmup: Option<u64>,
}

/// One epoch of a run's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch {
    /// Number of batches.
    pub(crate) batches: usize,
    /// Number of tokens without padding.
    pub(crate) tokens: u64,
}

impl TrainSection {
    /// The number of steps of the run, which is known once the data is.
    pub fn steps(&self) -> u64 {
        self.steps.or(self.resolved.and_then(|resolved| resolved.steps)).unwrap_or(DEFAULT_STEPS)
    }

    /// The number of warmup steps, which is known once the data is.
    pub(super) fn warmup(&self) -> u64 {
        let of_share = self.warmup_share.map(|share| (share * self.steps() as f64).round() as u64);
        let resolved = self.resolved.and_then(|resolved| resolved.warmup);
        self.warmup.or(of_share).or(resolved).unwrap_or(DEFAULT_WARMUP)
    }

    /// The number of steps of the last decay in a run of this many steps.
    pub(super) fn cooldown(&self, steps: u64) -> u64 {
        let of_share = self.cooldown_share.map(|share| (share * steps as f64).round() as u64);
        self.cooldown.or(of_share).unwrap_or(steps / 5)
    }

    /// How many steps lie between two of something, which is known once the data is.
    pub(super) fn steps_between(&self, every: Every) -> u64 {
        match every {
            Every::Steps(steps) => steps,
            Every::Epoch => self.resolved.map_or(1, |resolved| resolved.epoch).max(1),
        }
    }

    /// Checks that the length, the warmup and the cooldown are given in one way, and fills in absent keys.
    pub(super) fn fill_length(&mut self) -> Result<(), InvalidKey> {
        let lengths = [
            ("steps", self.steps.is_some()),
            ("epochs", self.epochs.is_some()),
            ("tokens", self.tokens.is_some()),
        ];
        let warmups = [
            ("warmup", self.warmup.is_some()),
            ("warmup_share", self.warmup_share.is_some()),
            ("warmup_tokens", self.warmup_tokens.is_some()),
        ];
        let cooldowns = [
            ("cooldown", self.cooldown.is_some()),
            ("cooldown_share", self.cooldown_share.is_some()),
        ];
        one_of(&lengths)?;
        one_of(&warmups)?;
        one_of(&cooldowns)?;
        if self.epochs.is_none() && self.tokens.is_none() {
            self.steps.get_or_insert(DEFAULT_STEPS);
        }
        if self.warmup_tokens.is_none() && self.warmup_share.is_none() {
            self.warmup.get_or_insert(DEFAULT_WARMUP);
        }
        match self.epochs.filter(|epochs| !(epochs.is_finite() && *epochs > 0.0)) {
            Some(epochs) => {
                let reason = format!("{epochs}: must be a finite number greater than 0");
                Err(InvalidKey::new("train.epochs", reason))
            }
            None => self.max_time().map(drop),
        }
    }

    /// Whether a number of steps depends on the data.
    pub(crate) fn counts_data(&self) -> bool {
        let every = [self.validate_every, self.checkpoint_every];
        self.epochs.is_some()
            || self.tokens.is_some()
            || self.warmup_tokens.is_some()
            || every.contains(&Every::Epoch)
    }

    /// The section for data with this epoch. The keys that count epochs or tokens stay, with the steps that they amount to in
    /// `resolved`.
    pub(crate) fn resolved_for(&self, epoch: Epoch) -> Self {
        let batches = epoch.batches.max(1) as f64;
        let steps_of_batches = |count: f64| (count / self.accumulate.max(1) as f64).ceil().max(1.0);
        let of_epochs = |epochs: f64| steps_of_batches((epochs * batches).round()) as u64;
        let of_tokens = |tokens: u64| {
            steps_of_batches(tokens as f64 * batches / epoch.tokens.max(1) as f64) as u64
        };
        let steps = self.epochs.map(of_epochs).or(self.tokens.map(of_tokens));
        let warmup = self.warmup_tokens.map(of_tokens);
        let epoch = steps_of_batches(batches) as u64;
        Self { resolved: Some(Resolved { epoch, steps, warmup }), ..self.clone() }
    }

    /// The time after which a run stops with a checkpoint.
    ///
    /// # Errors
    /// If the key does not have the form of a time.
    pub(crate) fn max_time(&self) -> Result<Option<Duration>, InvalidKey> {
        let Some(text) = &self.max_time else { return Ok(None) };
        let unit = |unit: &str| match unit {
            "s" => Some(1.0),
            "m" => Some(60.0),
            "h" => Some(3600.0),
            "d" => Some(86400.0),
            _ => None,
        };
        let split = text.trim().char_indices().next_back();
        let parsed = split.and_then(|(at, _)| {
            let (number, name) = text.trim().split_at(at);
            let number: f64 = number.trim().parse().ok()?;
            Some(number * unit(name)?).filter(|seconds| *seconds > 0.0)
        });
        match parsed.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(time) => Ok(Some(time)),
            None => {
                let reason =
                    format!("`{text}`: expected a time such as \"90s\", \"10m\", \"2h\" or \"1d\"");
                Err(InvalidKey::new("train.max_time", reason))
            }
        }
    }
}

/// Checks that at most one of these keys is set.
fn one_of(keys: &[(&str, bool)]) -> Result<(), InvalidKey> {
    let set: Vec<&str> = keys.iter().filter(|(_, set)| *set).map(|(key, _)| *key).collect();
    match set.as_slice() {
        [first, second, ..] => {
            let reason = format!("set either {first} or {second}, not both");
            Err(InvalidKey::new(format!("train.{second}"), reason))
        }
        [_] | [] => Ok(()),
    }
}
