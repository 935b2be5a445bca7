//! The learning-rate schedule of a recipe.

use crosshead_train::{Cooldown, Plateau, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainSection;

/// The learning-rate schedule. All but `constant` begin with a linear warmup to `peak`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// `peak` at every step.
    Constant,
    /// Linear warmup, then `peak`.
    ConstantWithWarmup,
    /// Linear warmup, then decay with the inverse square root of the step (Vaswani et al. 2017, equation 3, whose peak is
    /// (d_model · warmup)^−½).
    InverseSquareRoot,
    /// Linear warmup, then linear decay to `end` at the last step.
    Linear,
    /// Linear warmup, then decay to `end` with the `power` of the share of steps that are left.
    Polynomial,
    /// Linear warmup, then cosine decay to `end` at the last step.
    Cosine,
    /// Linear warmup, then as many cosine decays to `end` as `cycles` says.
    CosineRestarts,
    /// Linear warmup, `peak`, and a decay to `end` in the last steps, as `cooldown` or `cooldown_share` says.
    WarmupStableDecay,
    /// Linear warmup, then a rate that is multiplied by `plateau_factor` when `select` stops improving.
    Plateau,
}

/// The form of the last decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CooldownForm {
    /// Linear.
    Linear,
    /// Half a cosine.
    Cosine,
    /// 1 − √share (Hägele et al. 2024).
    OneMinusSqrt,
}

/// The keys of schedules, and the schedules that use them.
pub(super) const USERS: [(&str, &[ScheduleKind]); 8] = {
    use ScheduleKind::{CosineRestarts, Plateau, Polynomial, WarmupStableDecay};
    [
        ("power", &[Polynomial]),
        ("cycles", &[CosineRestarts]),
        ("cooldown", &[WarmupStableDecay]),
        ("cooldown_share", &[WarmupStableDecay]),
        ("cooldown_form", &[WarmupStableDecay]),
        ("plateau_factor", &[Plateau]),
        ("plateau_patience", &[Plateau]),
        ("plateau_threshold", &[Plateau]),
    ]
};

impl ScheduleKind {
    /// Its name in recipes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::ConstantWithWarmup => "constant-with-warmup",
            Self::InverseSquareRoot => "inverse-square-root",
            Self::Linear => "linear",
            Self::Polynomial => "polynomial",
            Self::Cosine => "cosine",
            Self::CosineRestarts => "cosine-restarts",
            Self::WarmupStableDecay => "warmup-stable-decay",
            Self::Plateau => "plateau",
        }
    }
}

impl TrainSection {
    /// Fills in absent keys with the constants of the schedule.
    pub(super) fn fill_schedule(&mut self) {
        match self.schedule {
            ScheduleKind::Constant
            | ScheduleKind::ConstantWithWarmup
            | ScheduleKind::InverseSquareRoot
            | ScheduleKind::Linear
            | ScheduleKind::Cosine => {}
            ScheduleKind::Polynomial => {
                self.power.get_or_insert(2.0);
            }
            ScheduleKind::CosineRestarts => {
                self.cycles.get_or_insert(2);
            }
            ScheduleKind::WarmupStableDecay => {
                self.cooldown_form.get_or_insert(CooldownForm::Cosine);
            }
            ScheduleKind::Plateau => {
                self.plateau_factor.get_or_insert(0.5);
                self.plateau_patience.get_or_insert(2);
                self.plateau_threshold.get_or_insert(1e-4);
            }
        }
    }

    /// The schedule of a run of this many steps.
    pub(super) fn schedule_of(&self, steps: u64) -> Schedule {
        let mut filled = self.clone();
        filled.fill_schedule();
        let (peak, end, warmup) = (self.peak, self.end, self.warmup());
        match self.schedule {
            ScheduleKind::Constant => Schedule::Constant { peak },
            ScheduleKind::ConstantWithWarmup => Schedule::ConstantWithWarmup { peak, warmup },
            ScheduleKind::InverseSquareRoot => Schedule::InverseSquareRoot { peak, warmup },
            ScheduleKind::Linear => Schedule::Linear { peak, end, warmup, steps },
            ScheduleKind::Polynomial => {
                let power = filled.power.unwrap_or_default();
                Schedule::Polynomial { peak, end, warmup, steps, power }
            }
            ScheduleKind::Cosine => Schedule::Cosine { peak, end, warmup, steps },
            ScheduleKind::CosineRestarts => {
                let cycles = filled.cycles.unwrap_or_default();
                Schedule::CosineRestarts { peak, end, warmup, steps, cycles }
            }
            ScheduleKind::WarmupStableDecay => {
                let cooldown = self.cooldown(steps);
                let form = match filled.cooldown_form {
                    Some(CooldownForm::Linear) => Cooldown::Linear,
                    Some(CooldownForm::OneMinusSqrt) => Cooldown::OneMinusSqrt,
                    Some(CooldownForm::Cosine) | None => Cooldown::Cosine,
                };
                Schedule::WarmupStableDecay { peak, end, warmup, steps, cooldown, form }
            }
            ScheduleKind::Plateau => {
                let plateau = Plateau {
                    factor: filled.plateau_factor.unwrap_or_default(),
                    patience: filled.plateau_patience.unwrap_or_default(),
                    threshold: filled.plateau_threshold.unwrap_or_default(),
                };
                Schedule::Plateau { peak, end, warmup, plateau }
            }
        }
    }
}
