//! Sampling.

mod filters;

use crate::exp::exp_nonpositive;
use crate::logits::LogitRow;
use crate::single_path::{Position, decode_single_path};
use crate::top_k::TopK;
use crate::{DecodingConfig, GenerateError, Hooks, Hypothesis, Sampling, StepModel};
use filters::{Weight, total};

/// Extends each of `batch` sequences with sampled tokens.
pub(crate) fn sample(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &DecodingConfig,
    sampling: &Sampling,
    hooks: Hooks<'_>,
) -> Result<Vec<Hypothesis>, GenerateError> {
    decode_single_path(model, batch, config, hooks, |logits, position| {
        let own = config.sequence_numbers.get(position.sequence).copied();
        let sequence = own.unwrap_or(sampling.first_sequence + position.sequence);
        let position = Position { sequence, ..position };
        draw(&weights(logits, sampling), uniform(sampling.seed, position))
    })
}

/// The candidate tokens after all options, with their unnormalized probabilities.
fn weights(logits: &LogitRow, sampling: &Sampling) -> Vec<Weight> {
    // The most probable tokens are the same at every temperature.
    let most = if sampling.top_h.is_some() { filters::TOP_H } else { sampling.top_k };
    let mut weights: Vec<Weight> = if most > 0 {
        let best = TopK::of_row(most, logits).into_iter();
        best.map(|best| (best.token, best.log_prob)).collect()
    } else {
        let all = logits.blocks().flat_map(|(_, log_probs)| log_probs);
        all.filter(|&(_, log_prob)| log_prob > f32::NEG_INFINITY).collect()
    };
    let max = weights.iter().map(|&(_, log_prob)| log_prob).fold(f32::NEG_INFINITY, f32::max);
    for (_, weight) in &mut weights {
        *weight = exp_nonpositive((*weight - max) / sampling.temperature);
    }
    filters::apply(&mut weights, sampling);
    weights
}

/// The token at the quantile `uniform` of the cumulative weights.
fn draw(weights: &[Weight], uniform: f64) -> Option<u32> {
    let mut rest = uniform * total(weights);
    let drawn = weights.iter().find(|&&(_, weight)| {
        rest -= f64::from(weight);
        rest < 0.0
    });
    drawn.or(weights.last()).map(|&(token, _)| token)
}

/// A uniform number in `[0, 1)`, a pure function of seed and position.
fn uniform(seed: u64, position: Position) -> f64 {
    let bits = mix(mix(mix(seed) ^ position.sequence as u64) ^ position.step as u64);
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// One step of SplitMix64 (Steele et al., *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014, figure 17).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[derive(serde::Deserialize)]
    struct Fixture {
        logits: Vec<f32>,
        cases: Vec<Case>,
    }

    /// Options with the defaults of [`Sampling`], and the probability of each remaining token.
    #[derive(serde::Deserialize)]
    struct Case {
        temperature: f32,
        #[serde(default)]
        top_k: usize,
        #[serde(default = "one")]
        top_p: f32,
        #[serde(default)]
        min_p: f32,
        #[serde(default = "one")]
        typical_p: f32,
        #[serde(default)]
        epsilon_cutoff: f32,
        #[serde(default)]
        eta_cutoff: f32,
        #[serde(default)]
        top_h: Option<f32>,
        probabilities: HashMap<u32, f64>,
    }

    fn one() -> f32 {
        1.0
    }

    #[test]
    fn the_distribution_equals_that_of_transformers() {
        let mut fixture: Fixture =
            serde_json::from_str(include_str!("../../fixtures/sampling.json")).unwrap();
        let logits = LogitRow::new(&mut fixture.logits).unwrap();
        for case in fixture.cases {
            let sampling = Sampling::new(0)
                .with_temperature(case.temperature)
                .with_top_k(case.top_k)
                .with_top_p(case.top_p)
                .with_min_p(case.min_p)
                .with_typical_p(case.typical_p)
                .with_epsilon_cutoff(case.epsilon_cutoff)
                .with_eta_cutoff(case.eta_cutoff)
                .with_top_h(case.top_h);
            let weights = weights(&logits, &sampling);
            assert_eq!(weights.len(), case.probabilities.len(), "{sampling:?}");
            let total = total(&weights);
            for (token, weight) in weights {
                let difference = f64::from(weight) / total - case.probabilities[&token];
                assert!(
                    difference.abs() < 1e-6,
                    "{sampling:?}, token {token}: off by {difference}"
                );
            }
        }
    }

    #[test]
    fn token_frequencies_match_their_probabilities() {
        let weights = [(3, 0.2), (5, 1.0), (6, 0.0), (9, 0.8)];
        let mut counts = HashMap::from([(6, 0)]);
        for sequence in 0..200 {
            for step in 0..200 {
                let token = draw(&weights, uniform(7, Position { sequence, step })).unwrap();
                *counts.entry(token).or_insert(0) += 1;
            }
        }
        for (token, weight) in weights {
            let expected = f64::from(weight) / 2.0 * 40_000.0;
            // Five standard deviations of a binomial count.
            assert!((f64::from(counts[&token]) - expected).abs() <= 5.0 * expected.sqrt());
        }
    }
}
