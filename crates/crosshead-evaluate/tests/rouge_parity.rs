//! Scores equal those of rouge-score (`fixtures/export_rouge.py`).

use std::fs;
use std::path::Path;

use crosshead_evaluate::{Rouge, RougeScore, RougeValue};
use serde::Deserialize;

/// The fixture's numbers have ten decimals.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Corpus {
    name: String,
    hypotheses: Vec<String>,
    references: Vec<Vec<String>>,
    stemmer: bool,
    /// For each hypothesis and each variant: precision, recall, F₁.
    sentences: Vec<[[f64; 3]; 4]>,
}

fn corpora() -> Vec<Corpus> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rouge.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn values(score: &RougeScore) -> [[f64; 3]; 4] {
    let variants = [score.rouge1, score.rouge2, score.rouge_l, score.rouge_lsum];
    variants.map(|RougeValue { precision, recall, f1 }| [precision, recall, f1])
}

#[track_caller]
fn assert_close(actual: [[f64; 3]; 4], expected: [[f64; 3]; 4], what: &str) {
    for (actual, expected) in actual.into_iter().flatten().zip(expected.into_iter().flatten()) {
        assert!((actual - expected).abs() <= TOLERANCE, "{what}: {actual}, expected {expected}");
    }
}

#[test]
fn sentence_rouge_matches_rouge_score() {
    for corpus in corpora() {
        let rouge = Rouge::new().with_stemmer(corpus.stemmer);
        for (i, expected) in corpus.sentences.iter().enumerate() {
            let references: Vec<&String> = corpus.references.iter().map(|r| &r[i]).collect();
            let score = rouge.sentence(&corpus.hypotheses[i], &references).unwrap();
            let what = format!("{}, stemmer {}, {i}", corpus.name, corpus.stemmer);
            assert_close(values(&score), *expected, &what);
        }
    }
}

#[test]
fn corpus_rouge_is_the_mean_of_rouge_score() {
    for corpus in corpora() {
        let rouge = Rouge::new().with_stemmer(corpus.stemmer);
        let score = rouge.corpus_multi(&corpus.hypotheses, &corpus.references).unwrap();
        let mut mean = [[0.0; 3]; 4];
        for values in &corpus.sentences {
            for (mean, value) in mean.iter_mut().flatten().zip(values.iter().flatten()) {
                *mean += value / corpus.sentences.len() as f64;
            }
        }
        assert_close(values(&score), mean, &corpus.name);
        let stem = if corpus.stemmer { "yes" } else { "no" };
        let settings = format!("nrefs:{}|case:lc|stem:{stem}|tok:rouge|", corpus.references.len());
        assert!(score.signature.starts_with(&settings), "{}", score.signature);
    }
}
