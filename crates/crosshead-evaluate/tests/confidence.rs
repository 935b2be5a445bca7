//! Confidence intervals agree with theory, and language model scores with arithmetic.

use crosshead_evaluate::{
    Bleu, Bootstrap, Chrf, ConfusionMatrix, EvaluateError, Interval, LanguageScore, Rouge,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// 297 answers, 80.5 % of them correct.
fn answers() -> Vec<f64> {
    (0..297).map(|at| if at < 239 { 1.0 } else { 0.0 }).collect()
}

fn width(interval: Interval) -> f64 {
    interval.high - interval.low
}

#[test]
fn the_interval_of_a_mean_matches_the_normal_distribution() {
    let answers = answers();
    let p: f64 = answers.iter().sum::<f64>() / 297.0;
    let deviation = (p * (1.0 - p) / 297.0).sqrt();
    for (level, quantile) in [(0.95, 1.96), (0.68, 0.994), (0.9, 1.645)] {
        let interval = Bootstrap::new().with_resamples(20_000).with_level(level).mean(&answers);
        assert!(
            (width(interval) / (2.0 * quantile * deviation) - 1.0).abs() < 0.06,
            "{interval:?} at {level}"
        );
        assert!((interval.low + interval.high - 2.0 * p).abs() < 0.3 * deviation, "{interval:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let bootstrap = Bootstrap::new().with_resamples(100);
    assert_eq!(bootstrap.mean(&answers()), bootstrap.mean(&answers()));
    assert_ne!(bootstrap.mean(&answers()), bootstrap.clone().with_seed(1).mean(&answers()));
}

#[test]
fn the_interval_of_the_accuracy_is_that_of_a_mean() {
    let answers = answers();
    let truth = vec![1; answers.len()];
    let predicted: Vec<u32> = answers.iter().map(|&answer| answer as u32).collect();
    let bootstrap = Bootstrap::new();
    let found =
        ConfusionMatrix::interval(&truth, &predicted, 2, &bootstrap, ConfusionMatrix::accuracy);
    assert_eq!(found.unwrap(), bootstrap.mean(&answers));
    let error = ConfusionMatrix::interval(&truth, &[1], 2, &bootstrap, ConfusionMatrix::accuracy);
    assert!(matches!(error, Err(EvaluateError::PredictionCount { .. })));
}

#[test]
fn intervals_contain_the_score() {
    let references: Vec<String> =
        (0..60).map(|n| format!("line {n} says that {n} is a number")).collect();
    let hypotheses: Vec<String> =
        (0..60).map(|n| format!("line {} says that {n} is {} number", n % 9, n % 2)).collect();
    let bootstrap = Bootstrap::new();
    let assert_contains = |interval: Interval, score: f64| {
        assert!(interval.low < score && score < interval.high, "{interval:?} and {score}");
    };
    let bleu = Bleu::new();
    let score = bleu.corpus(&hypotheses, &references).unwrap().score;
    assert_contains(bleu.interval(&hypotheses, &references, &bootstrap).unwrap(), score);
    let chrf = Chrf::new();
    let score = chrf.corpus(&hypotheses, &references).unwrap().score;
    assert_contains(chrf.interval(&hypotheses, &references, &bootstrap).unwrap(), score);
    let rouge = Rouge::new();
    let score = rouge.corpus(&hypotheses, &references).unwrap();
    let intervals = rouge.intervals(&hypotheses, &references, &bootstrap).unwrap();
    assert_contains(intervals[0], score.rouge1.f1);
    assert_contains(intervals[1], score.rouge2.f1);
    assert_contains(intervals[2], score.rouge_l.f1);
}

proptest! {
    #[test]
    fn an_interval_is_within_the_range_of_the_values(values in vec(-5.0..5.0, 1..20), seed in any::<u64>()) {
        let interval = Bootstrap::new().with_resamples(50).with_seed(seed).mean(&values);
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        prop_assert!(min - 1e-9 <= interval.low && interval.low <= interval.high && interval.high <= max + 1e-9);
    }

    #[test]
    fn a_uniform_model_has_the_perplexity_of_its_vocabulary_size(vocabulary in 2_u32..1000, text in "[a-zäöü]{1,40}") {
        let tokens = text.chars().count();
        let nats = tokens as f64 * f64::from(vocabulary).ln();
        let score = LanguageScore::new(nats, tokens, &text).unwrap();
        prop_assert!((score.perplexity / f64::from(vocabulary) - 1.0).abs() < 1e-9);
        prop_assert!((score.bits_per_character - f64::from(vocabulary).log2()).abs() < 1e-9);
        prop_assert!((score.bits_per_byte * text.len() as f64 - score.bits_per_character * tokens as f64).abs() < 1e-6);
    }
}

#[test]
fn empty_predictions_and_nan_are_errors() {
    assert_eq!(LanguageScore::new(1.0, 0, "x"), Err(EvaluateError::EmptyCorpus));
    assert_eq!(LanguageScore::new(1.0, 1, ""), Err(EvaluateError::EmptyCorpus));
    assert_eq!(LanguageScore::new(f64::NAN, 1, "x"), Err(EvaluateError::NotANumber));
}
