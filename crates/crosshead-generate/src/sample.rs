//! Sampling from the model's distribution.

use crate::config::out_of_range;
use crate::exp::exp_nonpositive;
use crate::logits::LogitRow;
use crate::one_path::{Position, follow_one_path};
use crate::top_k::TopK;
use crate::{GenerateConfig, GenerateError, Hypothesis, StepModel};

/// The distribution that [`sample`] draws from: the model's, changed by `temperature`, then `top_k`, then `top_p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Seed of the draws.
    pub seed: u64,
    /// What the logits are divided by: below 1 sharper, above 1 flatter.
    pub temperature: f32,
    /// How many of the most probable tokens may be drawn (Fan et al., *Hierarchical Neural Story Generation*, 2018,
    /// section 5.4); 0 for all. Of equally probable tokens, those with the lowest ids.
    pub top_k: usize,
    /// Only the smallest set of most probable tokens whose probabilities reach this sum may be drawn (Holtzman et al.,
    /// *The Curious Case of Neural Text Degeneration*, 2020, section 3.1); 1 for all.
    pub top_p: f32,
    /// The number of the first sequence, where a batch is a part of more sequences: their draws are then those of one
    /// batch.
    pub first_sequence: usize,
}

impl Sampling {
    /// The model's own distribution.
    pub fn new(seed: u64) -> Self {
        Self { seed, temperature: 1.0, top_k: 0, top_p: 1.0, first_sequence: 0 }
    }

    /// Sets [`temperature`](Self::temperature).
    pub fn with_temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    /// Sets [`top_k`](Self::top_k).
    pub fn with_top_k(self, top_k: usize) -> Self {
        Self { top_k, ..self }
    }

    /// Sets [`top_p`](Self::top_p).
    pub fn with_top_p(self, top_p: f32) -> Self {
        Self { top_p, ..self }
    }

    /// Sets [`first_sequence`](Self::first_sequence).
    pub fn with_first_sequence(self, first_sequence: usize) -> Self {
        Self { first_sequence, ..self }
    }

    fn check(&self) -> Result<(), GenerateError> {
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            let expected =
                "a finite number above 0; for the most probable token use greedy decoding";
            return Err(out_of_range("temperature", self.temperature, expected));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(out_of_range("top_p", self.top_p, "above 0 and at most 1"));
        }
        Ok(())
    }
}

/// Extends each of `batch` sequences by tokens drawn at random until the end token or the length limit.
///
/// A draw depends on the seed, the number of the sequence (counted from
/// [`first_sequence`](Sampling::first_sequence)), the step and the probabilities alone, so the
/// same call gives the same tokens for any number of threads. A hypothesis's log-probability is under the model's
/// distribution, before temperature, top-k and top-p.
///
/// # Errors
/// If an option is out of range, or the model's logits are of the wrong number or have no softmax.
pub fn sample(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &GenerateConfig,
    sampling: &Sampling,
) -> Result<Vec<Hypothesis>, GenerateError> {
    sampling.check()?;
    follow_one_path(model, batch, config, |logits, position| {
        let sequence = sampling.first_sequence + position.sequence;
        let position = Position { sequence, ..position };
        draw(&weights(logits, sampling), uniform(sampling.seed, position))
    })
}

/// A token and its unnormalized probability.
type Weight = (u32, f32);

/// The tokens that may be drawn.
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

/// Keeps the heaviest tokens, up to and including the one with which they reach the share `top_p`.
fn keep_nucleus(weights: &mut Vec<Weight>, top_p: f64) {
    let heavier = |a: &Weight, b: &Weight| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    let target = top_p * total(weights);
    // The nucleus is small as a rule: sort a head of the list, and a longer one if that was too short.
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

/// The token at the share `uniform` of the cumulative weights.
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

/// A number in `[0, 1)` that is a pure function of seed and position.
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
    fn the_distribution_drawn_from_is_that_of_transformers() {
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
    fn tokens_are_drawn_as_often_as_they_are_probable() {
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
        fn the_nucleus_is_the_smallest_head_of_the_sorted_tokens(
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
