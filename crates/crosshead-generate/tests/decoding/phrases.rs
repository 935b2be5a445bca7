//! Beam search with phrases that must occur.

use crate::models::HashModel;
use crate::strategies::{beam_search, greedy};
use crosshead_generate::{
    BeamSearch, DecodingConfig, EarlyStopping, GenerateError, Phrase, Phrases, StopReason,
};
use proptest::prelude::*;

const START: u32 = 0;
const EOS: u32 = 1;

fn config(max_len: usize, phrases: Phrases) -> DecodingConfig {
    DecodingConfig::new(START, EOS)
        .with_suppressed([START])
        .with_max_len(max_len)
        .with_phrases(phrases)
}

fn contains(tokens: &[u32], phrase: &[u32]) -> bool {
    tokens.windows(phrase.len()).any(|window| window == phrase)
}

/// The log-probability of a token after a history.
fn log_prob_of(model: &HashModel, history: &[u32], token: u32) -> f64 {
    let logit = |token: u32| f64::from(model.logit(0, history, token as usize));
    logit(token) - (EOS..model.vocab_size as u32).map(|token| logit(token).exp()).sum::<f64>().ln()
}

/// The best mean log-probability per token of all sequences that have a form of each phrase.
fn best_score(model: &HashModel, max_len: usize, phrases: &[Vec<Vec<u32>>]) -> Option<f64> {
    let mut best = None;
    let mut open = vec![(vec![START], 0.0)];
    for len in 1..=max_len {
        let mut longer = Vec::new();
        for (path, log_prob) in open {
            for token in EOS..model.vocab_size as u32 {
                let log_prob = log_prob + log_prob_of(model, &path, token);
                let mut next = path.clone();
                if token != EOS {
                    next.push(token);
                }
                let has =
                    |phrase: &Vec<Vec<u32>>| phrase.iter().any(|form| contains(&next[1..], form));
                if (token == EOS || len == max_len) && phrases.iter().all(has) {
                    let score = log_prob / len as f64;
                    best = Some(best.map_or(score, |best: f64| best.max(score)));
                }
                if token != EOS {
                    longer.push((next, log_prob));
                }
            }
        }
        open = longer;
    }
    best
}

/// Phrases that have no token in common, each with one or two forms.
fn any_phrases() -> impl Strategy<Value = Vec<Vec<Vec<u32>>>> {
    let first = prop::collection::vec(prop::collection::vec(2u32..4, 1..4), 1..3);
    let second = prop::collection::vec(prop::collection::vec(Just(4u32), 1..3), 1..2);
    prop_oneof![
        first.clone().prop_map(|first| vec![first]),
        (first, second).prop_map(|(first, second)| vec![second, first]),
    ]
}

fn same(phrases: &[Vec<Vec<u32>>]) -> Phrases {
    Phrases::same(phrases.iter().map(|forms| Phrase::new(forms.clone())).collect())
}

proptest! {
    #[test]
    fn enough_beams_find_the_best_sequence_with_all_phrases(
        seed: u64, max_len in 1usize..5, phrases in any_phrases(),
    ) {
        let mut model = HashModel::new(5, seed, [0]);
        let Some(expected) = best_score(&model, max_len, &phrases) else { return Ok(()) };
        let options = BeamSearch::new(200).with_early_stopping(EarlyStopping::Never);
        let found = beam_search(&mut model, 1, &config(max_len, same(&phrases)), options).unwrap();
        let found = &found[0][0];
        for forms in &phrases {
            prop_assert!(forms.iter().any(|form| contains(&found.tokens, form)), "{found:?}");
        }
        prop_assert!((f64::from(found.score) - expected).abs() < 1e-4, "{found:?}, not {expected}");
    }

    #[test]
    fn few_beams_find_a_sequence_with_all_phrases(
        seed: u64, phrases in any_phrases(), beams in 1usize..6, full: bool,
    ) {
        let stopping = if full { EarlyStopping::Full } else { EarlyStopping::Heuristic };
        let options = BeamSearch::new(beams).with_n_best(beams).with_early_stopping(stopping);
        let mut model = HashModel::new(9, seed, 0..3);
        for found in beam_search(&mut model, 3, &config(9, same(&phrases)), options).unwrap() {
            for forms in &phrases {
                prop_assert!(forms.iter().any(|form| contains(&found[0].tokens, form)), "{found:?}");
            }
        }
    }

    #[test]
    fn sequences_without_phrases_are_those_of_ordinary_beam_search(seed: u64, phrases in any_phrases(), beams in 1usize..5) {
        let of = |lists: [&[Vec<Vec<u32>>]; 2]| {
            let list = |phrases: &[Vec<Vec<u32>>]| phrases.iter().map(|forms| Phrase::new(forms.clone())).collect();
            Phrases::per_sequence(lists.into_iter().map(list).collect())
        };
        let options = BeamSearch::new(beams).with_n_best(beams);
        let search = |phrases| beam_search(&mut HashModel::new(9, seed, 0..2), 2, &config(7, phrases), options).unwrap();
        let both = search(of([&phrases, &[]]));
        prop_assert_eq!(&both[1], &search(Phrases::default())[1]);
        prop_assert_eq!(&both[0], &search(same(&phrases))[0]);
    }
}

#[test]
fn a_phrase_listed_twice_occurs_twice() {
    for seed in 0..50 {
        let phrases = Phrases::same(vec![Phrase::new([vec![3, 4]]), Phrase::new([vec![3, 4]])]);
        let mut model = HashModel::new(7, seed, [0]);
        let found = beam_search(&mut model, 1, &config(9, phrases), BeamSearch::new(4)).unwrap();
        let tokens = &found[0][0].tokens;
        assert!(tokens.windows(2).filter(|window| *window == [3, 4]).count() >= 2, "{tokens:?}");
    }
}

#[test]
fn a_whole_phrase_is_followed_by_a_boundary() {
    let boundaries: Vec<bool> = (0..9).map(|token| token < 5).collect();
    for seed in 0..50 {
        let phrase = Phrase { whole: true, ..Phrase::new([vec![7, 3]]) };
        let phrases = Phrases::same(vec![phrase]).with_boundaries(boundaries.as_slice());
        let mut model = HashModel::new(9, seed, [0]);
        let found = beam_search(&mut model, 1, &config(8, phrases), BeamSearch::new(3)).unwrap();
        let tokens = &found[0][0].tokens;
        let is_whole = |at: usize| tokens.get(at + 2).is_none_or(|&next| boundaries[next as usize]);
        let found = (0..tokens.len() - 1).any(|at| tokens[at..at + 2] == [7, 3] && is_whole(at));
        assert!(found, "{tokens:?}");
    }
}

#[test]
fn what_does_not_fit_is_left_out() {
    let phrases = Phrases::same(vec![Phrase::new([vec![2, 3, 4]])]);
    let mut model = HashModel::new(7, 1, [0]);
    let found = beam_search(&mut model, 1, &config(2, phrases), BeamSearch::new(3)).unwrap();
    assert_eq!((found[0][0].tokens.len(), found[0][0].stop), (2, StopReason::MaxLength));
}

#[test]
fn phrases_need_one_group_of_beams_and_tokens() {
    let phrases = || Phrases::same(vec![Phrase::new([vec![2]])]);
    let mut model = HashModel::new(7, 1, [0]);
    let names = |error: GenerateError, option: &str| {
        assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    };
    names(greedy(&mut model, 1, &config(3, phrases())).unwrap_err(), "strategy");
    let groups = BeamSearch::new(4).with_groups(2, 0.5);
    names(beam_search(&mut model, 1, &config(3, phrases()), groups).unwrap_err(), "groups");
    let beams = BeamSearch::new(2);
    for phrases in [
        Phrases::same(vec![Phrase::new([])]),
        Phrases::same(vec![Phrase::new([vec![]])]),
        Phrases::same(vec![Phrase::new([vec![7]])]),
        Phrases::per_sequence(vec![vec![Phrase::new([vec![2]])], vec![]]),
    ] {
        names(beam_search(&mut model, 1, &config(3, phrases), beams).unwrap_err(), "phrases");
    }
}
