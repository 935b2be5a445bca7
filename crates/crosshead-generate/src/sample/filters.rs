//! Options that remove tokens from a distribution.

use crate::Sampling;

/// A token and its unnormalized probability.
pub(super) type Weight = (u32, f32);

/// The number of tokens that top-H looks at.
pub(super) const TOP_H: usize = 100;

/// Applies the options in the order of transformers. There is at least one weight unless every token is forbidden.
pub(super) fn apply(weights: &mut Vec<Weight>, sampling: &Sampling) {
    if weights.is_empty() {
        return;
    }
    if let Some(top_h) = sampling.top_h {
        keep_entropy(weights, f64::from(top_h));
        if sampling.top_k > 0 {
            weights.truncate(sampling.top_k);
        }
    }
    if sampling.top_p < 1.0 {
        keep_nucleus(weights, f64::from(sampling.top_p));
    }
    if sampling.min_p > 0.0 {
        let least = f64::from(sampling.min_p);
        keep_probable(weights, |max, _| least * max);
    }
    if sampling.typical_p < 1.0 {
        keep_typical(weights, f64::from(sampling.typical_p));
    }
    if sampling.epsilon_cutoff > 0.0 {
        let epsilon = f64::from(sampling.epsilon_cutoff);
        keep_probable(weights, |_, _| epsilon);
    }
    if sampling.eta_cutoff > 0.0 {
        let epsilon = f64::from(sampling.eta_cutoff);
        keep_probable(weights, |_, weights| {
            epsilon.min(epsilon.sqrt() * (-entropy(weights)).exp())
        });
    }
}

/// The sum of the weights.
pub(super) fn total(weights: &[Weight]) -> f64 {
    weights.iter().map(|&(_, weight)| f64::from(weight)).sum()
}

/// More probable tokens first; ties go to the lower id.
fn heavier(a: &Weight, b: &Weight) -> std::cmp::Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// −p ln p.
fn information(p: f64) -> f64 {
    if p > 0.0 { -p * p.ln() } else { 0.0 }
}

/// The entropy of the distribution.
fn entropy(weights: &[Weight]) -> f64 {
    let total = total(weights);
    weights.iter().map(|&(_, weight)| information(f64::from(weight) / total)).sum()
}

/// Keeps the most probable tokens up to and including the one at which their cumulative probability reaches `top_p`.
fn keep_nucleus(weights: &mut Vec<Weight>, top_p: f64) {
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

/// Keeps the most probable token and those that have at least a probability, which depends on the largest one and on the
/// weights.
fn keep_probable(weights: &mut Vec<Weight>, least: impl Fn(f64, &[Weight]) -> f64) {
    let total = total(weights);
    let max = weights.iter().map(|&(_, weight)| weight).fold(0.0, f32::max);
    let least = least(f64::from(max) / total, weights);
    weights.retain(|&(_, weight)| weight == max || f64::from(weight) / total >= least);
}

/// Keeps the tokens whose information is closest to the entropy, up to and including the one at which their cumulative
/// probability reaches `mass`, and those that are equally close.
fn keep_typical(weights: &mut Vec<Weight>, mass: f64) {
    let (entropy, sum) = (entropy(weights), total(weights));
    let distance = |weight: f32| (-(f64::from(weight) / sum).ln() - entropy).abs();
    weights.sort_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    let mut reached = 0.0;
    let before = weights.iter().take_while(|&&(_, weight)| {
        reached += f64::from(weight) / sum;
        reached < mass
    });
    let last = before.count().min(weights.len() - 1);
    let farthest = distance(weights[last].1);
    weights.retain(|&(_, weight)| distance(weight) <= farthest);
}

/// Keeps the most probable token, and the most probable tokens whose cumulative entropy is at most the share `top_h`.
fn keep_entropy(weights: &mut Vec<Weight>, top_h: f64) {
    weights.sort_by(heavier);
    let (threshold, sum) = (top_h * entropy(weights), total(weights));
    let mut reached = 0.0;
    let within = weights.iter().take_while(|&&(_, weight)| {
        reached += information(f64::from(weight) / sum);
        reached <= threshold
    });
    let kept = within.count().max(1);
    weights.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
