//! Checks of the values in `[train]`.

use super::{Every, TrainSection, optimizer, schedule, wrong};
use crate::recipe::{InvalidKey, to_table};

impl TrainSection {
    /// Checks that the optimizer and the schedule use the keys that are set.
    ///
    /// # Errors
    /// The first key that they do not use.
    pub(super) fn check_users(&self) -> Result<(), InvalidKey> {
        let given = to_table(self);
        for (key, users) in optimizer::USERS {
            if given.contains_key(key) && !users.contains(&self.optimizer) {
                let names: Vec<&str> = users.iter().map(|user| user.name()).collect();
                return unused(key, "optimizer", self.optimizer.name(), &names);
            }
        }
        for (key, users) in schedule::USERS {
            if given.contains_key(key) && !users.contains(&self.schedule) {
                let names: Vec<&str> = users.iter().map(|user| user.name()).collect();
                return unused(key, "schedule", self.schedule.name(), &names);
            }
        }
        Ok(())
    }

    /// The first key with an invalid value, and the reason.
    pub(super) fn check(&self) -> Result<(), InvalidKey> {
        let steps = |every| match every {
            Every::Steps(steps) => steps,
            Every::Epoch => 1,
        };
        let counts = [
            ("steps", self.steps.unwrap_or(1)),
            ("tokens", self.tokens.unwrap_or(1)),
            ("batch_tokens", self.token_budget() as u64),
            ("batch_examples", self.batch_examples.unwrap_or(1) as u64),
            ("accumulate", self.accumulate as u64),
            ("warmup_tokens", self.warmup_tokens.unwrap_or(1)),
            ("cycles", self.cycles.unwrap_or(1)),
            ("validate_every", steps(self.validate_every)),
            ("checkpoint_every", steps(self.checkpoint_every)),
            ("keep", self.keep as u64),
            ("patience", self.patience.unwrap_or(1)),
            ("average", self.average.unwrap_or(1) as u64),
        ];
        if let Some((key, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return wrong(key, "must be at least 1");
        }
        let shares = [
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("momentum", self.momentum),
            ("label_smoothing", self.label_smoothing),
            ("plateau_factor", self.plateau_factor),
            ("ema", self.ema),
            ("warmup_share", self.warmup_share),
            ("cooldown_share", self.cooldown_share),
        ];
        let outside = |value: &Option<f64>| value.filter(|value| !(0.0..1.0).contains(value));
        if let Some((key, value)) = shares.iter().find_map(|(key, v)| Some((key, outside(v)?))) {
            return wrong(key, format!("{value} is outside [0, 1)"));
        }
        let sizes = [
            ("peak", Some(self.peak)),
            ("end", Some(self.end)),
            ("power", self.power),
            ("plateau_threshold", self.plateau_threshold),
            ("epsilon", self.epsilon),
            ("weight_decay", self.weight_decay),
            ("z_loss", Some(self.z_loss)),
            ("r_drop", Some(self.r_drop)),
            ("adafactor_decay", self.adafactor_decay),
            ("max_norm", Some(self.max_norm)),
        ];
        let invalid = |value: &Option<f64>| value.filter(|v| !(v.is_finite() && *v >= 0.0));
        if let Some((key, value)) = sizes.iter().find_map(|(key, v)| Some((key, invalid(v)?))) {
            return wrong(key, format!("{value}: must be a finite number of at least 0"));
        }
        if self.adafactor_clip.is_some_and(|clip| !(clip.is_finite() && clip > 0.0)) {
            return wrong("adafactor_clip", "must be a finite number greater than 0");
        }
        if !(self.layer_decay > 0.0 && self.layer_decay <= 1.0) {
            return wrong("layer_decay", format!("{} is outside (0, 1]", self.layer_decay));
        }
        if self.spike.is_some_and(|spike| !(spike.is_finite() && spike > 1.0)) {
            return wrong("spike", "must be a finite number greater than 1");
        }
        self.groups.iter().try_for_each(|group| group.check())
    }
}

/// An error about a key that the chosen kind does not use.
fn unused(key: &str, what: &str, chosen: &str, users: &[&str]) -> Result<(), InvalidKey> {
    wrong(key, format!("{what} `{chosen}` does not use it, only {}; remove it", users.join(", ")))
}
