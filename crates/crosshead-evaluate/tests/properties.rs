//! Properties that hold for every corpus.

use crosshead_evaluate::{Bleu, Chrf, EvaluateError, Smoothing, Tokenizer};
use proptest::collection::vec;
use proptest::prelude::*;

const ROUNDING: f64 = 1e-9;

/// A word from a small vocabulary, so that some n-grams match by chance.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["der", "Hund", "hund", "bellt", "3,5", "(laut)", "über", "Straße."])
        .prop_map(str::to_owned)
}

fn sentence() -> impl Strategy<Value = String> {
    vec(word(), 0..8).prop_map(|words| words.join(" "))
}

/// Hypotheses with their references.
fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((sentence(), sentence()), 1..6)
}

fn bleu() -> impl Strategy<Value = Bleu> {
    let tokenizer = prop::sample::select(vec![
        Tokenizer::V13a,
        Tokenizer::International,
        Tokenizer::Characters,
        Tokenizer::None,
    ]);
    let smoothing = prop_oneof![
        Just(Smoothing::Exponential),
        (0.0..1.0).prop_map(Smoothing::Floor),
        (0.0..2.0).prop_map(Smoothing::AddK),
        Just(Smoothing::None),
    ];
    (tokenizer, smoothing, any::<bool>()).prop_map(|(tokenizer, smoothing, effective_order)| {
        Bleu::new()
            .with_tokenizer(tokenizer)
            .with_smoothing(smoothing)
            .with_effective_order(effective_order)
    })
}

fn chrf() -> impl Strategy<Value = Chrf> {
    (1..8_usize, 0..3_usize, 0..4_u32, any::<bool>(), any::<bool>()).prop_map(
        |(char_order, word_order, beta, whitespace, eps_smoothing)| {
            Chrf::new()
                .with_char_order(char_order)
                .with_word_order(word_order)
                .with_beta(beta)
                .with_whitespace(whitespace)
                .with_eps_smoothing(eps_smoothing)
        },
    )
}

proptest! {
    #[test]
    fn scores_are_between_0_and_100(
        pairs in pairs(), bleu in bleu(), chrf in chrf(), noise in any::<String>(),
    ) {
        let (mut hypotheses, mut references): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        hypotheses.push(noise.clone());
        references.push(noise.chars().rev().collect());
        for score in [
            bleu.corpus(&hypotheses, &references).unwrap().score,
            chrf.corpus(&hypotheses, &references).unwrap().score,
        ] {
            prop_assert!((0.0..=100.0 + ROUNDING).contains(&score), "{score}");
        }
    }

    #[test]
    fn a_corpus_equal_to_its_references_scores_100(
        sentences in vec(vec(word(), 6..9).prop_map(|words| words.join(" ")), 1..6),
        bleu in bleu(),
        chrf in chrf(),
    ) {
        let bleu = bleu.corpus(&sentences, &sentences).unwrap();
        prop_assert!((bleu.score - 100.0).abs() < ROUNDING, "{bleu}");
        let chrf = chrf.corpus(&sentences, &sentences).unwrap();
        prop_assert!((chrf.score - 100.0).abs() < ROUNDING, "{chrf}");
    }

    #[test]
    fn texts_without_a_common_character_score_0(words in 1..9_usize, others in 1..9_usize) {
        let (hypothesis, reference) = (vec!["abc"; words].join(" "), vec!["xyz"; others].join(" "));
        prop_assert_eq!(Bleu::new().corpus(&[&hypothesis], &[&reference]).unwrap().score, 0.0);
        prop_assert_eq!(Chrf::new().corpus(&[&hypothesis], &[&reference]).unwrap().score, 0.0);
    }

    #[test]
    fn the_order_of_segments_does_not_matter(
        (pairs, shuffled) in pairs().prop_flat_map(|p| (Just(p.clone()), Just(p).prop_shuffle())),
        bleu in bleu(),
        chrf in chrf(),
    ) {
        let (hypotheses, references): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let (other_hypotheses, other_references): (Vec<_>, Vec<_>) = shuffled.into_iter().unzip();
        prop_assert_eq!(
            bleu.corpus(&hypotheses, &references),
            bleu.corpus(&other_hypotheses, &other_references)
        );
        prop_assert_eq!(
            chrf.corpus(&hypotheses, &references),
            chrf.corpus(&other_hypotheses, &other_references)
        );
    }

    #[test]
    fn a_sentence_is_a_corpus_of_one(
        hypothesis in sentence(), references in vec(sentence(), 1..4), bleu in bleu(), chrf in chrf(),
    ) {
        let streams: Vec<_> = references.iter().map(|reference| [reference]).collect();
        prop_assert_eq!(
            bleu.sentence(&hypothesis, &references),
            bleu.corpus_multi(&[&hypothesis], &streams)
        );
        prop_assert_eq!(
            chrf.sentence(&hypothesis, &references),
            chrf.corpus_multi(&[&hypothesis], &streams)
        );
    }

    #[test]
    fn an_additional_reference_never_lowers_the_matches(
        hypothesis in sentence(), reference in sentence(), other in sentence(), chrf in chrf(),
    ) {
        let one = Bleu::new().sentence(&hypothesis, &[&reference]).unwrap();
        let two = Bleu::new().sentence(&hypothesis, &[&reference, &other]).unwrap();
        prop_assert!(one.matches.iter().zip(two.matches).all(|(&one, two)| one <= two));
        let one = chrf.sentence(&hypothesis, &[&reference]).unwrap();
        let two = chrf.sentence(&hypothesis, &[&reference, &other]).unwrap();
        prop_assert!(one.score <= two.score);
    }

    #[test]
    fn the_lowercase_option_equals_lowercasing_first(pairs in pairs()) {
        let (hypotheses, references): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let lower = |texts: &[String]| texts.iter().map(|t| t.to_lowercase()).collect::<Vec<_>>();
        let lowered = (lower(&hypotheses), lower(&references));
        let metric = Bleu::new().with_lowercase(true);
        prop_assert_eq!(
            metric.corpus(&hypotheses, &references),
            metric.corpus(&lowered.0, &lowered.1)
        );
        let metric = Chrf::plus_plus().with_lowercase(true);
        prop_assert_eq!(
            metric.corpus(&hypotheses, &references),
            metric.corpus(&lowered.0, &lowered.1)
        );
    }

    #[test]
    fn chrf_without_white_space_ignores_it(hypothesis in sentence(), reference in sentence()) {
        let dense: String = hypothesis.split(' ').collect();
        let metric = Chrf::new();
        prop_assert_eq!(
            metric.sentence(&hypothesis, &[&reference]),
            metric.sentence(&dense, &[&reference])
        );
    }
}

#[test]
fn an_empty_corpus_is_an_error() {
    let none: [&str; 0] = [];
    assert_eq!(Bleu::new().corpus(&none, &none), Err(EvaluateError::EmptyCorpus));
    assert_eq!(Chrf::new().corpus(&none, &none), Err(EvaluateError::EmptyCorpus));
}

#[test]
fn missing_references_are_an_error() {
    let none: [&str; 0] = [];
    let no_streams: [[&str; 1]; 0] = [];
    assert_eq!(Bleu::new().corpus_multi(&["a"], &no_streams), Err(EvaluateError::NoReferences));
    assert_eq!(Chrf::new().sentence("a", &none), Err(EvaluateError::NoReferences));
}

#[test]
fn a_short_reference_stream_is_reported() {
    let error = Bleu::new().corpus_multi(&["a", "b"], &[vec!["a", "b"], vec!["a"]]).unwrap_err();
    let expected = EvaluateError::LengthMismatch { stream: 2, references: 1, hypotheses: 2 };
    assert_eq!(error, expected);
    assert!(error.to_string().starts_with("reference stream 2 has 1 segments for 2 hypotheses"));
}

#[test]
fn an_invalid_smoothing_value_is_an_error() {
    for value in [-0.5, f64::NAN, f64::INFINITY] {
        for smoothing in [Smoothing::Floor(value), Smoothing::AddK(value)] {
            let error = Bleu::new().with_smoothing(smoothing).corpus(&["a"], &["a"]).unwrap_err();
            assert!(matches!(error, EvaluateError::SmoothingValue { .. }), "{error}");
        }
    }
}

#[test]
fn chrf_without_orders_is_an_error() {
    let metric = Chrf::new().with_char_order(0);
    assert_eq!(metric.corpus(&["a"], &["a"]), Err(EvaluateError::NoOrder));
}
