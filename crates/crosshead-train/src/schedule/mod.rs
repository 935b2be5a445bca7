//! Learning rate schedules.

mod plateau;

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

pub use plateau::{Plateau, PlateauState};

/// The learning rate as a function of the step. Except for a constant rate, all begin with a linear warmup to the peak; the
/// formulas are those of `transformers`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// A constant learning rate.
    Constant {
        /// The learning rate.
        peak: f64,
    },
    /// A constant learning rate after the warmup.
    ConstantWithWarmup {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// Number of warmup steps.
        warmup: u64,
    },
    /// peak · min(step / warmup, √(warmup / step)): linear warmup, then inverse square root (Vaswani et al. 2017,
    /// equation 3, "Noam", where peak = (d_model · warmup)^−½).
    InverseSquareRoot {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// Number of warmup steps.
        warmup: u64,
    },
    /// Linear decay to `end` at step `steps`.
    Linear {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// The learning rate at the last step.
        end: f64,
        /// Number of warmup steps.
        warmup: u64,
        /// Number of steps of the run.
        steps: u64,
    },
    /// Decay to `end` at step `steps` with a power of the share of steps that are left.
    Polynomial {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// The learning rate at the last step.
        end: f64,
        /// Number of warmup steps.
        warmup: u64,
        /// Number of steps of the run.
        steps: u64,
        /// The power; 1 is linear.
        power: f64,
    },
    /// Linear warmup to the peak, then cosine decay to `end` at step `steps` (Loshchilov & Hutter 2017).
    Cosine {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// The learning rate at the last step.
        end: f64,
        /// Number of warmup steps.
        warmup: u64,
        /// Number of steps of the run.
        steps: u64,
    },
    /// Several cosine decays to `end`, each of which starts at the peak (Loshchilov & Hutter 2017).
    CosineRestarts {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// The learning rate at the last step.
        end: f64,
        /// Number of warmup steps.
        warmup: u64,
        /// Number of steps of the run.
        steps: u64,
        /// Number of decays.
        cycles: u64,
    },
    /// Warmup, a constant rate, and a decay to `end` in the last `cooldown` steps (Hu et al. 2024, "WSD").
    WarmupStableDecay {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// The learning rate at the last step.
        end: f64,
        /// Number of warmup steps.
        warmup: u64,
        /// Number of steps of the run.
        steps: u64,
        /// Number of steps of the decay.
        cooldown: u64,
        /// The form of the decay.
        form: Cooldown,
    },
    /// A rate that is reduced when the validation score stops improving. The rate here is that without reductions.
    Plateau {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// The minimum learning rate.
        end: f64,
        /// Number of warmup steps.
        warmup: u64,
        /// When and how the rate is reduced.
        plateau: Plateau,
    },
}

/// The form of a decay to the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cooldown {
    /// Linear.
    Linear,
    /// Half a cosine.
    #[default]
    Cosine,
    /// 1 − √share (Hägele et al. 2024).
    OneMinusSqrt,
}

impl Cooldown {
    /// The share of the range that is left, at a share of the decay's steps.
    fn left(self, share: f64) -> f64 {
        match self {
            Self::Linear => 1.0 - share,
            Self::Cosine => 0.5 * (1.0 + (PI * share).cos()),
            Self::OneMinusSqrt => 1.0 - share.sqrt(),
        }
    }
}

impl Schedule {
    /// The learning rate at a step, counted from 1.
    pub fn rate(&self, step: u64) -> f64 {
        let at = step.max(1) as f64;
        match *self {
            Self::Constant { peak } => peak,
            Self::InverseSquareRoot { peak, warmup } => {
                let warmup = warmup.max(1) as f64;
                peak * (at / warmup).min((warmup / at).sqrt())
            }
            Self::ConstantWithWarmup { peak, warmup }
            | Self::Linear { peak, warmup, .. }
            | Self::Polynomial { peak, warmup, .. }
            | Self::Cosine { peak, warmup, .. }
            | Self::CosineRestarts { peak, warmup, .. }
            | Self::WarmupStableDecay { peak, warmup, .. }
            | Self::Plateau { peak, warmup, .. }
                if step < warmup =>
            {
                peak * at / warmup as f64
            }
            Self::ConstantWithWarmup { peak, .. } | Self::Plateau { peak, .. } => peak,
            Self::Linear { peak, end, warmup, steps } => {
                end + (peak - end) * (1.0 - share(step, warmup, steps))
            }
            Self::Polynomial { peak, end, warmup, steps, power } => {
                end + (peak - end) * (1.0 - share(step, warmup, steps)).powf(power)
            }
            Self::Cosine { peak, end, warmup, steps } => {
                end + (peak - end) * 0.5 * (1.0 + (PI * share(step, warmup, steps)).cos())
            }
            Self::CosineRestarts { peak, end, warmup, steps, cycles } => {
                let share = share(step, warmup, steps);
                let in_cycle = if share < 1.0 { (cycles as f64 * share) % 1.0 } else { 1.0 };
                end + (peak - end) * 0.5 * (1.0 + (PI * in_cycle).cos())
            }
            Self::WarmupStableDecay { peak, end, warmup, steps, cooldown, form } => {
                let start = steps.saturating_sub(cooldown).max(warmup);
                if step < start {
                    return peak;
                }
                end + (peak - end) * form.left(share(step, start, steps))
            }
        }
    }
}

/// The share of the steps from `first` to `last` that are done at a step.
fn share(step: u64, first: u64, last: u64) -> f64 {
    let share = (step as f64 - first as f64) / (last.saturating_sub(first).max(1) as f64);
    share.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noam_equals_equation_3_of_the_paper() {
        let (d_model, warmup) = (512.0_f64, 4000_u64);
        let schedule =
            Schedule::InverseSquareRoot { peak: (d_model * warmup as f64).powf(-0.5), warmup };
        for step in [1_u64, 100, 3999, 4000, 4001, 100_000] {
            let s = step as f64;
            let paper = d_model.powf(-0.5) * s.powf(-0.5).min(s * (warmup as f64).powf(-1.5));
            assert!((schedule.rate(step) / paper - 1.0).abs() < 1e-12, "step {step}");
        }
    }

    #[test]
    fn cosine_warms_up_to_the_peak_and_decays_to_the_end() {
        let schedule = Schedule::Cosine { peak: 1e-3, end: 1e-4, warmup: 100, steps: 2000 };
        assert!((schedule.rate(1) - 1e-5).abs() < 1e-12);
        assert!((schedule.rate(100) - 1e-3).abs() < 1e-12);
        assert!((schedule.rate(2000) - 1e-4).abs() < 1e-12);
    }
}
