//! Random segmentations.

use std::collections::BTreeMap;

use crosshead_tokenize::{BpeConfig, SubwordSampling, Tokenizer, UnigramConfig};
use proptest::prelude::*;

const TEXT: &str = "the cat sat on the mat. the dog sat on the cat. a long day in the sun.";

fn bpe() -> Tokenizer {
    Tokenizer::train_bpe(TEXT.lines(), &BpeConfig::new(60)).unwrap()
}

fn unigram() -> Tokenizer {
    Tokenizer::train_unigram(TEXT.lines(), &UnigramConfig::new(60)).unwrap()
}

/// The number of times each segmentation of a text is drawn.
fn drawn(
    tokenizer: &Tokenizer,
    sampling: SubwordSampling,
    text: &str,
    n: u64,
) -> BTreeMap<String, u64> {
    let sampler = tokenizer.sampler(sampling).unwrap();
    let mut counts = BTreeMap::new();
    for draw in 0..n {
        let ids = sampler.encode_with_special(text, draw).unwrap();
        let tokens: Vec<String> =
            ids.iter().map(|&id| tokenizer.id_to_token(id).unwrap()).collect();
        *counts.entry(tokens.join(" ")).or_default() += 1;
    }
    counts
}

/// Checks that an event with a probability happened about that often, within five standard deviations.
#[track_caller]
fn assert_share(count: u64, n: u64, probability: f64) {
    let deviation = (n as f64 * probability * (1.0 - probability)).sqrt();
    let expected = n as f64 * probability;
    assert!(
        (count as f64 - expected).abs() < 5.0 * deviation + 1.0,
        "{count} instead of {expected}"
    );
}

proptest! {
    #[test]
    fn a_segmentation_is_of_its_text_and_depends_only_on_the_draw(
        text in "[a-z .z]{0,30}", draw: u64, dropout in 0.0_f64..1.0, alpha in 0.01_f64..3.0,
    ) {
        for (tokenizer, sampling) in
            [(bpe(), SubwordSampling::BpeDropout(dropout)), (unigram(), SubwordSampling::Unigram(alpha))]
        {
            let sampler = tokenizer.sampler(sampling).unwrap();
            let ids = sampler.encode_with_special(&text, draw).unwrap();
            prop_assert_eq!(&ids, &sampler.encode_with_special(&text, draw).unwrap());
            let plain = tokenizer.encode_with_special(&text).unwrap();
            prop_assert_eq!(tokenizer.decode(&ids).unwrap(), tokenizer.decode(&plain).unwrap());
            prop_assert_eq!(ids.last(), plain.last());
            prop_assert_eq!(&sampler.encode_target(&text, draw).unwrap(), &ids);
        }
    }

    #[test]
    fn without_dropout_the_segmentation_is_that_of_bpe(text in "[a-z .]{0,40}", draw: u64) {
        let tokenizer = bpe();
        let sampler = tokenizer.sampler(SubwordSampling::BpeDropout(0.0)).unwrap();
        prop_assert_eq!(
            sampler.encode_with_special(&text, draw).unwrap(),
            tokenizer.encode_with_special(&text).unwrap()
        );
    }

    #[test]
    fn with_a_large_alpha_the_segmentation_is_the_most_probable_one(text in "[a-z .]{0,40}", draw: u64) {
        let tokenizer = unigram();
        let sampler = tokenizer.sampler(SubwordSampling::Unigram(1e4)).unwrap();
        let score = |ids: &[u32]| ids.len();
        let found = sampler.encode_with_special(&text, draw).unwrap();
        let plain = tokenizer.encode_with_special(&text).unwrap();
        // Equally probable segmentations have pieces of equal scores, thus as many.
        prop_assert_eq!(score(&found), score(&plain));
    }
}

#[test]
fn a_merge_is_left_out_with_the_probability_of_dropout() {
    // Merges: `a b`, then `ab c`.
    let json = r#"{"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab":
        {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b", "ab c"]}}"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, json).unwrap();
    let tokenizer = Tokenizer::from_file(&path).unwrap();
    let (n, p) = (20_000, 0.3);
    let counts = drawn(&tokenizer, SubwordSampling::BpeDropout(p), "abc", n);
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["a b c", "ab c", "abc"]);
    assert_share(counts["abc"], n, (1.0 - p) * (1.0 - p));
    assert_share(counts["ab c"], n, (1.0 - p) * p);
    assert_share(counts["a b c"], n, p);
}

#[test]
fn a_segmentation_is_drawn_by_its_likelihood_to_the_power_of_alpha() {
    let json = r#"{"version": "1.0", "added_tokens": [], "model": {"type": "Unigram", "unk_id": 0, "vocab":
        [["<unk>", 0.0], ["a", -1.0], ["b", -1.5], ["c", -2.0], ["ab", -2.0], ["bc", -3.0], ["abc", -3.2]]}}"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, json).unwrap();
    let tokenizer = Tokenizer::from_file(&path).unwrap();
    let (n, alpha) = (20_000, 0.5);
    let counts = drawn(&tokenizer, SubwordSampling::Unigram(alpha), "abc", n);
    let expected = [("a b c", -4.5), ("a bc", -4.0), ("ab c", -4.0), ("abc", -3.2_f64)];
    let sum: f64 = expected.iter().map(|(_, score)| (alpha * score).exp()).sum();
    assert_eq!(counts.len(), expected.len());
    for (segmentation, score) in expected {
        assert_share(counts[segmentation], n, (alpha * score).exp() / sum);
    }
}

#[test]
fn a_tokenizer_of_another_kind_is_an_error() {
    for (tokenizer, sampling, needed) in [
        (unigram(), SubwordSampling::BpeDropout(0.1), "BPE"),
        (bpe(), SubwordSampling::Unigram(0.1), "unigram"),
    ] {
        let message = tokenizer.sampler(sampling).unwrap_err().to_string();
        assert!(message.contains(needed), "{message}");
    }
}
