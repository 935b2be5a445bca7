//! Diverse beam search.

use crate::models::HashModel;
use crate::strategies::beam_search;
use crosshead_generate::{BeamSearch, DecodingConfig, EarlyStopping, Hypothesis};
use proptest::prelude::*;

const START: u32 = 0;
const EOS: u32 = 1;
const VOCAB_SIZE: usize = 9;

fn config() -> DecodingConfig {
    DecodingConfig::new(START, EOS).with_suppressed([START]).with_max_len(7)
}

fn search(seed: u64, options: BeamSearch) -> Vec<Vec<Hypothesis>> {
    beam_search(&mut HashModel::new(VOCAB_SIZE, seed, 0..3), 3, &config(), options).unwrap()
}

fn all(beams: usize) -> BeamSearch {
    BeamSearch::new(beams).with_n_best(beams)
}

/// Diverse beam search with one beam per group, as in the paper: each group takes the most probable token after a penalty for
/// those that earlier groups have just taken.
fn greedy_groups(
    model: &HashModel,
    sentence: u64,
    groups: usize,
    penalty: f64,
) -> Vec<(Vec<u32>, f64)> {
    let mut paths = vec![(vec![START], 0.0, false); groups];
    for _ in 0..7 {
        let mut taken = Vec::new();
        for (path, log_prob, ended) in paths.iter_mut().filter(|path| !path.2) {
            let logit = |token: u32| f64::from(model.logit(sentence, path, token as usize));
            let tokens = EOS..VOCAB_SIZE as u32;
            let sum = tokens.clone().map(|token| logit(token).exp()).sum::<f64>().ln();
            let times = |token| taken.iter().filter(|&&other| other == token).count() as f64;
            let value = |token: &u32| logit(*token) - sum - penalty * times(*token);
            // Ties go to the lower token.
            let best = tokens.max_by(|a, b| value(a).total_cmp(&value(b)).then(b.cmp(a))).unwrap();
            *log_prob += value(&best);
            if best == EOS {
                *ended = true;
            } else {
                path.push(best);
                taken.push(best);
            }
        }
    }
    let scored = |(path, log_prob, ended): (Vec<u32>, f64, bool)| {
        let len = path.len() - 1 + usize::from(ended);
        (path[1..].to_vec(), log_prob / len as f64)
    };
    let mut found: Vec<_> = paths.into_iter().map(scored).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found
}

proptest! {
    #[test]
    fn one_beam_per_group_equals_the_published_algorithm(seed: u64, groups in 1usize..5, penalty in 0.1f32..3.0) {
        let options = all(groups).with_groups(groups, penalty).with_early_stopping(EarlyStopping::Full);
        let model = HashModel::new(VOCAB_SIZE, seed, 0..3);
        for (sentence, found) in (0..).zip(search(seed, options)) {
            let expected = greedy_groups(&model, sentence, groups, f64::from(penalty));
            prop_assert_eq!(found.len(), expected.len());
            for (found, (tokens, score)) in found.iter().zip(&expected) {
                prop_assert!((f64::from(found.score) - score).abs() < 1e-4, "{found:?}, {expected:?}");
                prop_assert_eq!(&found.tokens, tokens);
            }
        }
    }

    #[test]
    fn the_first_group_is_an_ordinary_beam_search(seed: u64, size in 1usize..4, groups in 1usize..4, penalty in 0f32..2.0) {
        let diverse = search(seed, all(size * groups).with_groups(groups, penalty));
        for (diverse, ordinary) in diverse.iter().zip(search(seed, all(size))) {
            for hypothesis in ordinary {
                prop_assert!(diverse.contains(&hypothesis), "{hypothesis:?} is not in {diverse:?}");
            }
        }
    }

    #[test]
    fn without_a_penalty_all_groups_are_equal(seed: u64, size in 1usize..4, groups in 1usize..4) {
        let repeated = |found: Vec<Hypothesis>| -> Vec<Hypothesis> {
            found.into_iter().flat_map(|hypothesis| std::iter::repeat_n(hypothesis, groups)).collect()
        };
        let expected: Vec<_> = search(seed, all(size)).into_iter().map(repeated).collect();
        prop_assert_eq!(search(seed, all(size * groups).with_groups(groups, 0.0)), expected);
    }
}

#[test]
fn groups_must_divide_the_beams() {
    for (options, option) in [
        (all(4).with_groups(3, 1.0), "groups"),
        (all(4).with_groups(0, 1.0), "groups"),
        (all(4).with_groups(2, -1.0), "diversity_penalty"),
        (all(4).with_groups(2, f32::NAN), "diversity_penalty"),
    ] {
        let mut model = HashModel::new(VOCAB_SIZE, 1, 0..1);
        let error = beam_search(&mut model, 1, &config(), options).unwrap_err();
        assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    }
}
