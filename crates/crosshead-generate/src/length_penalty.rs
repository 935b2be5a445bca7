//! Length penalties, which make scores of hypotheses of different lengths comparable.

use serde::{Deserialize, Serialize};

/// The divisor of a hypothesis's log-probability.
///
/// The log-probability decreases with every token, so without a penalty short hypotheses rank first. `len` counts the
/// generated tokens, including the end token but not the start token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthPenalty {
    /// `lenᵅ`, as in Hugging Face transformers.
    Power(f32),
    /// `((5 + len) / 6)ᵅ` (Wu et al., *Google's Neural Machine Translation System*, 2016, equation 14).
    Gnmt(f32),
    /// `len`: the score is the mean log-probability per token. Equal to `Power(1.0)`.
    Average,
    /// `1`: the score is the log-probability. Equal to `Power(0.0)`.
    None,
}

impl LengthPenalty {
    /// The divisor for a hypothesis of `len` tokens, including the end token; a length of 0 is treated as 1.
    pub fn divisor(self, len: usize) -> f32 {
        let len = len.max(1) as f64;
        let divisor = match self {
            Self::Power(alpha) => len.powf(f64::from(alpha)),
            Self::Gnmt(alpha) => ((5.0 + len) / 6.0).powf(f64::from(alpha)),
            Self::Average => len,
            Self::None => 1.0,
        };
        divisor as f32
    }

    /// The exponent.
    pub(crate) fn alpha(self) -> f32 {
        match self {
            Self::Power(alpha) | Self::Gnmt(alpha) => alpha,
            Self::Average => 1.0,
            Self::None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gnmt_penalty_matches_the_published_formula() {
        // ((5 + 7) / 6)^0.5 = √2
        assert_eq!(LengthPenalty::Gnmt(0.5).divisor(7), std::f32::consts::SQRT_2);
        assert_eq!(LengthPenalty::Gnmt(0.6).divisor(1), 1.0);
    }

    proptest! {
        #[test]
        fn a_positive_alpha_prefers_the_longer_of_two_equal_sums(
            alpha in 0.1f32..3.0, len in 1usize..500, log_prob in -100f32..-0.1,
        ) {
            for penalty in [LengthPenalty::Power(alpha), LengthPenalty::Gnmt(alpha), LengthPenalty::Average] {
                prop_assert!(log_prob / penalty.divisor(len + 1) > log_prob / penalty.divisor(len));
            }
        }

        #[test]
        fn a_larger_alpha_raises_the_score_of_long_hypotheses(
            alpha in 0.0f32..3.0, len in 2usize..500, log_prob in -100f32..-0.1,
        ) {
            for penalty in [LengthPenalty::Power, LengthPenalty::Gnmt] {
                let score = |alpha| log_prob / penalty(alpha).divisor(len);
                prop_assert!(score(alpha + 0.1) > score(alpha));
            }
        }

        #[test]
        fn average_and_none_equal_powers(len in 1usize..500) {
            prop_assert_eq!(LengthPenalty::Average.divisor(len), LengthPenalty::Power(1.0).divisor(len));
            prop_assert_eq!(LengthPenalty::None.divisor(len), LengthPenalty::Power(0.0).divisor(len));
        }
    }
}
