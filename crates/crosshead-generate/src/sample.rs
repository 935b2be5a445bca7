//! Sampling.

use crate::exp::exp_nonpositive;
use crate::logits::LogitRow;
use crate::single_path::{Position, decode_single_path};
use crate::top_k::TopK;
use crate::{DecodingConfig, GenerateError, Hooks, Hypothesis, Sampling, StepModel};

/// Extends each of `batch` sequences with sampled tokens.
pub(crate) fn sample(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &DecodingConfig,
    sampling: &Sampling,
    hooks: Hooks<'_>,
) -> Result<Vec<Hypothesis>, GenerateError> {
    decode_single_path(model, batch, config, hooks, |logits, position| {
        let sequence = sampling.first_sequence + position.sequence;
        let position = Position { sequence, ..position };
        draw(&weights(logits, sampling), uniform(sampling.seed, position))
    })
}

/// A token and its unnormalized probability.
type Weight = (u32, f32);

/// The candidate tokens after temperature, top-k and top-p.
fn weights(logits: &LogitRow, sampling: &Sampling) -> Vec<Weight> {
    let mut weights: Vec<Weight> = if sampling.top_k > 0 {
        let mut top = TopK::new(sampling.top_k);
        top.offer(0, logits, 0.0);
        top.into_best().into_iter().map(|best| (best.token, best.log_prob)).collect()
    } else {
        let all = logits.blocks().flat_map(|(_, log_probs)| log_probs);
        all.filter(|&(_, log_prob)| log_prob > f32::NEG_INFINITY).collect()
    };
    let max = weights.iter().map(|&(_, log_prob)| log_prob).fold(f32::NEG_INFINITY, f32::max);
    for (_, weight) in &mut weights {
        *weight = exp_nonpositive((*weight - max) / sampling.temperature);
    }
    if sampling.top_p < 1.0 {
        keep_nucleus(&mut weights, f64::from(sampling.top_p));
    }
    weights
}

/// Keeps the most probable tokens up to and including the one at which their cumulative probability reaches `top_p`.
fn keep_nucleus(weights: &mut Vec<Weight>, top_p: f64) {
    let heavier = |a: &Weight, b: &Weight| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    let target = top_p * total(weights);
    // The nucleus is usually small: sort the head of the list, and a longer head if that was too short.
    let mut head = 64;
    loop {
        head = head.min(weights.len());
        if head < weights.len() {
            weights.select_nth_unstable_by(head, heavier);
        }
        weights[..head].sort_unstable_by(heavier);
        let mut mass = 0.0;
        let reached = weights[..head].iter().position(|&(_, weight)| {
            mass += f64::from(weight);
            mass >= target
        });
        if let Some(last) = reached {
            return weights.truncate(last + 1);
        }
        if head == weights.len() {
            return;
        }
        head *= 8;
    }
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

fn total(weights: &[Weight]) -> f64 {
    weights.iter().map(|&(_, weight)| f64::from(weight)).sum()
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
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[derive(serde::Deserialize)]
    struct Fixture {
        logits: Vec<f32>,
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        temperature: f32,
        top_k: usize,
        top_p: f32,
        probabilities: HashMap<u32, f64>,
    }

    #[test]
    fn the_distribution_equals_that_of_transformers() {
        let mut fixture: Fixture =
            serde_json::from_str(include_str!("../fixtures/sampling.json")).unwrap();
        let logits = LogitRow::new(&mut fixture.logits).unwrap();
        for case in fixture.cases {
            let sampling = Sampling::new(0)
                .with_temperature(case.temperature)
                .with_top_k(case.top_k)
                .with_top_p(case.top_p);
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

    proptest! {
        #[test]
        fn the_nucleus_is_the_smallest_prefix_of_the_sorted_tokens(
            values in prop::collection::vec(0f32..1.0, 1..1500), top_p in 0.01f64..0.999,
        ) {
            let mut sorted: Vec<Weight> = (0..).zip(values).collect();
            let mut nucleus = sorted.clone();
            keep_nucleus(&mut nucleus, top_p);
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
            prop_assert_eq!(&nucleus[..], &sorted[..nucleus.len()]);
            let target = top_p * total(&sorted);
            let slack = 1e-9 * target;
            prop_assert!(total(&nucleus) > target - slack);
            prop_assert!(total(&nucleus[..nucleus.len() - 1]) < target + slack);
        }
    }
}
