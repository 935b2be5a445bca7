//! What decoding returns besides tokens, and how it is stopped.

use std::time::Instant;

use crate::models::HashModel;
use crate::strategies::{beam_search, greedy, sample};
use crosshead_generate::{
    BeamSearch, DecodingConfig, Hooks, Normalization, Sampling, SequenceBias, StopReason, decode,
    score,
};
use proptest::prelude::*;

fn config() -> DecodingConfig {
    DecodingConfig::new(0, 1).with_suppressed([0]).with_max_len(8)
}

fn model(seed: u64) -> HashModel {
    HashModel::new(9, seed, 0..4)
}

fn all(beams: usize) -> BeamSearch {
    BeamSearch::new(beams).with_n_best(beams)
}

proptest! {
    #[test]
    fn given_sequences_have_the_scores_that_decoding_gave_them(seed: u64, beams in 1usize..5, whole: bool) {
        let normalization = if whole { Normalization::WholeVocabulary } else { Normalization::Allowed };
        let config = config().with_normalization(normalization);
        let found = beam_search(&mut model(seed), 4, &config, all(beams)).unwrap();
        let best: Vec<_> = found.into_iter().map(|ranked| ranked[ranked.len() - 1].clone()).collect();
        let targets: Vec<Vec<u32>> =
            best.iter().map(|found| found.tokens.iter().copied().chain(found.end_token()).collect()).collect();
        prop_assert_eq!(score(&mut model(seed), &config, &targets).unwrap(), best);
    }

    #[test]
    fn alternatives_are_the_most_probable_tokens(seed: u64, k in 1usize..12, beams in 1usize..4) {
        let config = config();
        let recorded = config.clone().with_alternatives(k);
        let mut found = beam_search(&mut model(seed), 4, &recorded, all(beams)).unwrap().concat();
        let plain = beam_search(&mut model(seed), 4, &config, all(beams)).unwrap().concat();
        let greedy_found = greedy(&mut model(seed), 4, &recorded).unwrap();
        for hypothesis in &greedy_found {
            let first: Vec<u32> = hypothesis.alternatives.iter().map(|tokens| tokens[0].token).collect();
            let chosen: Vec<u32> = hypothesis.tokens.iter().copied().chain(hypothesis.end_token()).collect();
            prop_assert_eq!(first, chosen);
        }
        found.extend(sample(&mut model(seed), 4, &recorded, Sampling::new(seed)).unwrap());
        for hypothesis in &found {
            prop_assert_eq!(hypothesis.alternatives.len(), hypothesis.token_log_probs.len());
            let chosen = hypothesis.tokens.iter().copied().chain(hypothesis.end_token());
            for ((alternatives, token), log_prob) in
                hypothesis.alternatives.iter().zip(chosen).zip(&hypothesis.token_log_probs)
            {
                // Token 0 is suppressed.
                prop_assert_eq!(alternatives.len(), k.min(8));
                prop_assert!(alternatives.is_sorted_by(|a, b| a.log_prob >= b.log_prob));
                let own = alternatives.iter().find(|other| other.token == token);
                prop_assert!(own.map_or(k < 8, |own| own.log_prob == *log_prob));
            }
        }
        for (recorded, plain) in found.iter().zip(&plain) {
            prop_assert_eq!(&recorded.tokens, &plain.tokens);
            prop_assert!(plain.alternatives.is_empty());
        }
    }

    #[test]
    fn a_stop_rule_ends_a_sequence_at_its_first_match(seed: u64, sum in 4u32..14, beams in 1usize..5) {
        let matches = |tokens: &[u32]| tokens.len() >= 2 && tokens.iter().rev().take(2).sum::<u32>() == sum;
        let rule = |_: usize, tokens: &[u32]| matches(tokens);
        let config = config();
        let free = greedy(&mut model(seed), 4, &config).unwrap();
        let hooks = || Hooks::none().with_stop_rule(&rule);
        let found = decode(&mut model(seed), 4, &config, hooks()).unwrap();
        for (found, free) in found.concat().iter().zip(&free) {
            let path = |tokens: &[u32]| [&[0], tokens].concat();
            match (1..=free.tokens.len()).find(|&len| matches(&path(&free.tokens[..len]))) {
                Some(len) => {
                    prop_assert_eq!(&found.tokens, &free.tokens[..len]);
                    prop_assert_eq!(found.stop, StopReason::StopRule);
                }
                None => prop_assert_eq!(found, free),
            }
        }
        let found = decode(&mut model(seed), 4, &config.with_strategy(all(beams)), hooks()).unwrap();
        for hypothesis in found.concat() {
            let path = [&[0], hypothesis.tokens.as_slice()].concat();
            let first = (1..=path.len()).find(|&len| matches(&path[..len]));
            let stopped = hypothesis.stop == StopReason::StopRule;
            prop_assert_eq!(first, stopped.then_some(path.len()));
        }
    }

    #[test]
    fn no_ngram_of_the_source_is_generated(seed: u64, n in 1usize..4, source in prop::collection::vec(2u32..9, 0..12)) {
        let config = config().with_sources(vec![source.clone(); 4]).with_no_source_ngram_size(n);
        let mut found = beam_search(&mut model(seed), 4, &config, all(3)).unwrap().concat();
        found.extend(greedy(&mut model(seed), 4, &config).unwrap());
        for hypothesis in found {
            let path = [&[0], hypothesis.tokens.as_slice()].concat();
            prop_assert!(path.windows(n).all(|ngram| !source.windows(n).any(|other| other == ngram)));
        }
    }

    #[test]
    fn a_bias_forbids_or_forces_the_end_of_a_sequence(seed: u64, first in 2u32..9, last in 2u32..9) {
        let biased = |bias| config().with_sequence_bias([SequenceBias { tokens: vec![first, last], bias }]);
        let ends = |tokens: &[u32]| -> Vec<u32> {
            tokens.windows(2).filter(|pair| pair[0] == first).map(|pair| pair[1]).collect()
        };
        let mut never = beam_search(&mut model(seed), 4, &biased(-1e4), all(2)).unwrap().concat();
        never.extend(greedy(&mut model(seed), 4, &biased(-1e4)).unwrap());
        prop_assert!(never.iter().all(|found| !ends(&found.tokens).contains(&last)));
        let always = greedy(&mut model(seed), 4, &biased(1e4)).unwrap();
        prop_assert!(always.iter().all(|found| ends(&found.tokens).iter().all(|&end| end == last)));
    }

    #[test]
    fn sequence_numbers_select_the_samples(seed: u64, numbers in prop::collection::vec(0usize..5, 4)) {
        let same = || HashModel::new(9, 3, [0; 5]);
        let all = sample(&mut same(), 5, &config(), Sampling::new(seed)).unwrap();
        let config = config().with_sequence_numbers(numbers.as_slice());
        let found = sample(&mut HashModel::new(9, 3, [0; 4]), 4, &config, Sampling::new(seed)).unwrap();
        for (found, number) in found.iter().zip(numbers) {
            prop_assert_eq!(found, &all[number]);
        }
    }
}

#[test]
fn after_the_deadline_sequences_end_as_they_are() {
    let free = greedy(&mut model(5), 4, &config()).unwrap();
    for strategy in [None, Some(all(2))] {
        let config = match strategy {
            Some(beams) => config().with_strategy(beams),
            None => config(),
        };
        let hooks = Hooks::none().with_deadline(Instant::now());
        let found = decode(&mut model(5), 4, &config, hooks).unwrap();
        for (found, free) in found.iter().zip(&free) {
            if free.tokens.is_empty() {
                continue;
            }
            assert!(found.iter().any(|found| found.stop == StopReason::TimeLimit), "{found:?}");
            assert_eq!(found.iter().map(|found| found.tokens.len()).max(), Some(1));
        }
    }
}

#[test]
fn wrong_targets_and_options_are_reported_by_name() {
    let names = |targets: &[Vec<u32>], config: DecodingConfig, option: &str| {
        let error = score(&mut model(1), &config, targets).unwrap_err();
        assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    };
    let targets = vec![vec![2, 1]; 4];
    names(&vec![vec![]; 4], config(), "targets");
    names(&vec![vec![9]; 4], config(), "targets");
    names(&targets, config().with_source_repetition_penalty(0.0), "source_repetition_penalty");
    names(&targets, config().with_sources(vec![vec![2]]), "sources");
    let wide = config().with_sources(vec![vec![20]; 4]).with_no_source_ngram_size(2);
    names(&targets, wide, "sources");
    let bias = SequenceBias { tokens: vec![9], bias: 1.0 };
    names(&targets, config().with_sequence_bias([bias]), "sequence_bias");
}
