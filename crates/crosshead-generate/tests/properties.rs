//! Properties that hold for every model.

mod models;
mod strategies;

use crosshead_generate::{
    BeamSearch, DecodingConfig, EarlyStopping, Hypothesis, LengthPenalty, Sampling,
};
use models::HashModel;
use proptest::prelude::*;
use strategies::{beam_search, greedy, sample};

const START: u32 = 0;
const EOS: u32 = 1;

fn config() -> DecodingConfig {
    DecodingConfig::new(START, EOS).with_suppressed([START])
}

fn any_length_penalty() -> impl Strategy<Value = LengthPenalty> {
    prop_oneof![
        (0.0f32..2.0).prop_map(LengthPenalty::Power),
        (0.0f32..2.0).prop_map(LengthPenalty::Gnmt),
        Just(LengthPenalty::Average),
        Just(LengthPenalty::None),
    ]
}

fn any_beams() -> impl Strategy<Value = BeamSearch> {
    let stopping = [EarlyStopping::Full, EarlyStopping::Heuristic, EarlyStopping::Never];
    let searches = (1usize..6, prop::sample::select(stopping.to_vec()));
    searches.prop_map(|(beams, stopping)| {
        BeamSearch::new(beams).with_n_best(beams).with_early_stopping(stopping)
    })
}

fn any_config() -> impl Strategy<Value = DecodingConfig> {
    let options = (1usize..9, 0usize..4, 0usize..4, prop_oneof![Just(1.0f32), 0.7f32..1.6]);
    (any_length_penalty(), options).prop_map(|(penalty, (max_len, min_len, ngram, repetition))| {
        config()
            .with_length_penalty(penalty)
            .with_max_len(max_len)
            .with_min_len(min_len)
            .with_no_repeat_ngram_size(ngram)
            .with_repetition_penalty(repetition)
    })
}

/// The log-probability of a token after a history.
fn log_prob_of(model: &HashModel, sentence: u64, history: &[u32], token: u32) -> f64 {
    let logit = |token: u32| f64::from(model.logit(sentence, history, token as usize));
    let allowed = (0..model.vocab_size as u32).filter(|&token| token != START);
    logit(token) - allowed.map(|token| logit(token).exp()).sum::<f64>().ln()
}

/// Every sequence that decoding may return, with its log-probability and whether it ends with the end token.
fn all_sequences(model: &HashModel, max_len: usize) -> Vec<(Vec<u32>, f64, bool)> {
    let mut complete = Vec::new();
    let mut open = vec![(vec![START], 0.0)];
    for _ in 0..max_len {
        let mut longer = Vec::new();
        for (path, log_prob) in open {
            for token in EOS..model.vocab_size as u32 {
                let log_prob = log_prob + log_prob_of(model, 0, &path, token);
                if token == EOS {
                    complete.push((path.clone(), log_prob, true));
                } else {
                    longer.push(([path.as_slice(), &[token]].concat(), log_prob));
                }
            }
        }
        open = longer;
    }
    complete.extend(open.into_iter().map(|(path, log_prob)| (path, log_prob, false)));
    complete
}

fn exhaustive_best(seed: u64, max_len: usize, penalty: LengthPenalty) -> Hypothesis {
    let config = config().with_max_len(max_len).with_length_penalty(penalty);
    let options = BeamSearch::new(200).with_early_stopping(EarlyStopping::Never);
    let mut model = HashModel::new(5, seed, [0]);
    beam_search(&mut model, 1, &config, options).unwrap().remove(0).remove(0)
}

proptest! {
    #[test]
    fn one_beam_equals_greedy_decoding(seed: u64, config in any_config(), options in any_beams()) {
        // `Never` may prefer a longer hypothesis to the greedy one.
        prop_assume!(options.early_stopping != EarlyStopping::Never);
        let config = config.with_repetition_penalty(1.0);
        let options = BeamSearch { beams: 1, n_best: 1, ..options };
        let mut model = HashModel::new(9, seed, 0..4);
        let beams = beam_search(&mut model.clone(), 4, &config, options).unwrap();
        let greedy = greedy(&mut model, 4, &config).unwrap();
        prop_assert_eq!(beams.concat(), greedy);
    }

    #[test]
    fn batched_results_equal_single_results(
        seed: u64, config in any_config(), options in any_beams(), limits in prop::collection::vec(1usize..12, 1..6),
    ) {
        let batch = limits.len();
        let config = config.with_max_len(limits.clone());
        let model = HashModel::new(9, seed, 0..batch as u64);
        let beams = beam_search(&mut model.clone(), batch, &config, options).unwrap();
        let paths = greedy(&mut model.clone(), batch, &config).unwrap();
        for (sentence, &limit) in limits.iter().enumerate() {
            let config = config.clone().with_max_len(limit);
            let alone = HashModel::new(9, seed, [sentence as u64]);
            prop_assert_eq!(&beams[sentence], &beam_search(&mut alone.clone(), 1, &config, options).unwrap()[0]);
            prop_assert_eq!(&paths[sentence], &greedy(&mut alone.clone(), 1, &config).unwrap()[0]);
        }
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads(seed: u64, config in any_config(), options in any_beams()) {
        let model = HashModel::new(9, seed, 0..8);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let drawn = sample(&mut model.clone(), 8, &config, Sampling::new(seed)).unwrap();
                (drawn, beam_search(&mut model.clone(), 8, &config, options).unwrap())
            })
        };
        prop_assert_eq!(run(1), run(3));
    }

    #[test]
    fn log_probabilities_equal_those_of_the_model(seed: u64, config in any_config(), options in any_beams()) {
        let config = config.with_repetition_penalty(1.0);
        let model = HashModel::new(9, seed, 0..3);
        let beams = beam_search(&mut model.clone(), 3, &config, options).unwrap();
        for (sentence, hypothesis) in (0..).zip(&beams).flat_map(|(s, found)| found.iter().map(move |h| (s, h))) {
            let path = [&[START], hypothesis.tokens.as_slice(), &[EOS]].concat();
            let len = hypothesis.tokens.len() + usize::from(hypothesis.finished());
            let rescored: f64 = (1..=len)
                .map(|at| log_prob_of(&model, sentence, &path[..at], path[at]))
                .sum();
            prop_assert!((f64::from(hypothesis.log_prob) - rescored).abs() < 1e-4, "{rescored}, {hypothesis:?}");
            prop_assert_eq!(hypothesis.score, hypothesis.log_prob / config.length_penalty.divisor(len));
        }
    }

    #[test]
    fn the_n_best_are_distinct_and_sorted(seed: u64, config in any_config(), options in any_beams()) {
        for found in beam_search(&mut HashModel::new(9, seed, 0..3), 3, &config, options).unwrap() {
            prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            for (at, hypothesis) in found.iter().enumerate() {
                let same = |other: &Hypothesis| {
                    other.tokens == hypothesis.tokens && other.finished() == hypothesis.finished()
                };
                prop_assert!(!found[..at].iter().any(same));
            }
        }
    }

    #[test]
    fn options_hold(seed: u64, config in any_config(), options in any_beams(), temperature in 0.3f32..3.0) {
        let model = HashModel::new(5, seed, 0..3);
        let sampling = Sampling::new(seed).with_temperature(temperature);
        let mut found = beam_search(&mut model.clone(), 3, &config, options).unwrap().concat();
        found.extend(greedy(&mut model.clone(), 3, &config).unwrap());
        found.extend(sample(&mut model.clone(), 3, &config, sampling).unwrap());
        for hypothesis in found {
            let (tokens, finished) = (&hypothesis.tokens, hypothesis.finished());
            prop_assert!(!tokens.contains(&START) && !tokens.contains(&EOS));
            prop_assert!(!finished || tokens.len() >= config.min_len.of(0));
            if config.no_repeat_ngram_size > 0 {
                let path = [&[START], tokens.as_slice()].concat();
                let ngrams: Vec<_> = path.windows(config.no_repeat_ngram_size).collect();
                prop_assert!((1..ngrams.len()).all(|at| !ngrams[..at].contains(&ngrams[at])), "{path:?}");
            }
        }
    }

    #[test]
    fn enough_beams_find_the_best_sequence(
        seed: u64, max_len in 1usize..5, penalty in any_length_penalty(),
    ) {
        let found = exhaustive_best(seed, max_len, penalty);
        let score = |(path, log_prob, ended): &(Vec<u32>, f64, bool)| {
            log_prob / f64::from(penalty.divisor(path.len() - 1 + usize::from(*ended)))
        };
        let all = all_sequences(&HashModel::new(5, seed, [0]), max_len);
        let best = all.iter().max_by(|a, b| score(a).total_cmp(&score(b))).unwrap();
        prop_assert!((f64::from(found.score) - score(best)).abs() < 1e-4, "{found:?}, {best:?}");
    }

    #[test]
    fn a_larger_alpha_does_not_shorten_the_best_sequence(seed: u64, alpha in 0.0f32..2.0, more in 0.0f32..2.0) {
        let len = |alpha| {
            let found = exhaustive_best(seed, 4, LengthPenalty::Power(alpha));
            found.tokens.len() + usize::from(found.finished())
        };
        prop_assert!(len(alpha + more) >= len(alpha));
    }
}

proptest! {
    #[test]
    fn split_batches_sample_the_same_tokens_as_one_batch(seed in any::<u64>(), cut in 0usize..=5) {
        let config = config().with_max_len(6);
        let draw = |sentences: std::ops::Range<u64>| {
            let sampling = Sampling::new(seed).with_first_sequence(sentences.start as usize);
            let batch = sentences.clone().count();
            sample(&mut HashModel::new(9, seed, sentences), batch, &config, sampling).unwrap()
        };
        let parts = [draw(0..cut as u64), draw(cut as u64..5)].concat();
        prop_assert_eq!(parts, draw(0..5));
    }
}
