//! Learning rate schedules.

use serde::{Deserialize, Serialize};

/// The learning rate as a function of the step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// A constant learning rate.
    Constant {
        /// The learning rate.
        peak: f64,
    },
    /// peak · min(step / warmup, √(warmup / step)): linear warmup, then inverse square root (Vaswani et al. 2017,
    /// equation 3, "Noam", where peak = (d_model · warmup)^−½).
    InverseSquareRoot {
        /// The maximum learning rate, reached at step `warmup`.
        peak: f64,
        /// Number of warmup steps.
        warmup: u64,
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
            Self::Cosine { peak, warmup, .. } if step < warmup => peak * at / warmup as f64,
            Self::Cosine { peak, end, warmup, steps } => {
                let share = (at - warmup as f64) / (steps.saturating_sub(warmup).max(1) as f64);
                end + (peak - end) * 0.5 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos())
            }
        }
    }
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
