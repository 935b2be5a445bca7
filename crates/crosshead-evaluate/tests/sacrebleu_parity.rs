//! Scores, precisions, tokens and signatures equal those of sacreBLEU 2.6 (`fixtures/export.py`).

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crosshead_evaluate::{Bleu, BleuScore, Chrf, Smoothing, Tokenizer};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Fixture {
    tokens: HashMap<String, Vec<(String, String)>>,
    corpora: Vec<Corpus>,
}

#[derive(Deserialize)]
struct Corpus {
    name: String,
    hypotheses: Vec<String>,
    references: Vec<Vec<String>>,
    bleu: Vec<BleuCase>,
    chrf: Vec<ChrfCase>,
}

impl Corpus {
    /// The references of one hypothesis.
    fn references_of(&self, segment: usize) -> Vec<&str> {
        self.references.iter().map(|stream| stream[segment].as_str()).collect()
    }
}

#[derive(Deserialize)]
struct BleuCase {
    settings: BleuSettings,
    signature: String,
    score: f64,
    line: String,
    precisions: [f64; 4],
    brevity_penalty: f64,
    hypothesis_len: u64,
    reference_len: u64,
    sentences: Vec<f64>,
}

#[derive(Deserialize, Debug)]
struct BleuSettings {
    tokenize: String,
    smooth_method: String,
    smooth_value: Option<f64>,
    lowercase: bool,
    effective_order: bool,
}

impl BleuSettings {
    fn metric(&self) -> Bleu {
        let smoothing = match self.smooth_method.as_str() {
            "exp" => Smoothing::Exponential,
            "floor" => Smoothing::Floor(self.smooth_value.unwrap_or(0.1)),
            "add-k" => Smoothing::AddK(self.smooth_value.unwrap_or(1.0)),
            "none" => Smoothing::None,
            other => panic!("unknown smoothing {other}"),
        };
        Bleu::new()
            .with_tokenizer(tokenizer(&self.tokenize))
            .with_smoothing(smoothing)
            .with_lowercase(self.lowercase)
            .with_effective_order(self.effective_order)
    }
}

#[derive(Deserialize)]
struct ChrfCase {
    settings: ChrfSettings,
    signature: String,
    name: String,
    score: f64,
    sentences: Vec<f64>,
}

#[derive(Deserialize, Debug)]
struct ChrfSettings {
    char_order: usize,
    word_order: usize,
    beta: u32,
    lowercase: bool,
    whitespace: bool,
    eps_smoothing: bool,
}

impl ChrfSettings {
    fn metric(&self) -> Chrf {
        Chrf::new()
            .with_char_order(self.char_order)
            .with_word_order(self.word_order)
            .with_beta(self.beta)
            .with_lowercase(self.lowercase)
            .with_whitespace(self.whitespace)
            .with_eps_smoothing(self.eps_smoothing)
    }
}

fn fixture() -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sacrebleu.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn tokenizer(name: &str) -> Tokenizer {
    Tokenizer::ALL.into_iter().find(|tokenizer| tokenizer.name() == name).unwrap()
}

#[track_caller]
fn assert_close(actual: f64, expected: f64, what: &str) {
    assert!((actual - expected).abs() <= TOLERANCE, "{what}: {actual}, expected {expected}");
}

/// A signature without the version.
fn settings_part(signature: &str) -> &str {
    signature.split("|version:").next().unwrap()
}

/// The part of a formatted score after its name and signature.
fn value_part(line: &str) -> &str {
    line.split_once(" = ").unwrap().1
}

fn assert_bleu(actual: &BleuScore, expected: &BleuCase, what: &str) {
    assert_close(actual.score, expected.score, what);
    assert_close(actual.brevity_penalty, expected.brevity_penalty, what);
    for (actual, expected) in actual.precisions.into_iter().zip(expected.precisions) {
        assert_close(actual, expected, what);
    }
    assert_eq!(actual.hypothesis_len, expected.hypothesis_len, "{what}");
    assert_eq!(actual.reference_len, expected.reference_len, "{what}");
    assert_eq!(settings_part(&actual.signature), settings_part(&expected.signature), "{what}");
    assert_eq!(value_part(&actual.to_string()), value_part(&expected.line), "{what}");
}

#[test]
fn tokens_match_sacrebleu() {
    for (name, texts) in fixture().tokens {
        for (text, expected) in texts {
            assert_eq!(tokenizer(&name).tokenize(&text), expected, "{name}: {text:?}");
        }
    }
}

#[test]
fn corpus_bleu_matches_sacrebleu() {
    for corpus in fixture().corpora {
        for case in &corpus.bleu {
            let what = format!("{}, {:?}", corpus.name, case.settings);
            let metric = case.settings.metric();
            let score = metric.corpus_multi(&corpus.hypotheses, &corpus.references).unwrap();
            assert_bleu(&score, case, &what);
        }
    }
}

#[test]
fn sentence_bleu_matches_sacrebleu() {
    for corpus in fixture().corpora {
        for case in &corpus.bleu {
            let metric = case.settings.metric();
            for (i, expected) in case.sentences.iter().enumerate() {
                let what = format!("{}, {:?}, sentence {i}", corpus.name, case.settings);
                let score = metric.sentence(&corpus.hypotheses[i], &corpus.references_of(i));
                assert_close(score.unwrap().score, *expected, &what);
            }
        }
    }
}

#[test]
fn corpus_chrf_matches_sacrebleu() {
    for corpus in fixture().corpora {
        for case in &corpus.chrf {
            let what = format!("{}, {:?}", corpus.name, case.settings);
            let metric = case.settings.metric();
            let score = metric.corpus_multi(&corpus.hypotheses, &corpus.references).unwrap();
            assert_close(score.score, case.score, &what);
            assert_eq!(score.name, case.name, "{what}");
            assert_eq!(settings_part(&score.signature), settings_part(&case.signature), "{what}");
        }
    }
}

#[test]
fn sentence_chrf_matches_sacrebleu() {
    for corpus in fixture().corpora {
        for case in &corpus.chrf {
            let metric = case.settings.metric();
            for (i, expected) in case.sentences.iter().enumerate() {
                let what = format!("{}, {:?}, sentence {i}", corpus.name, case.settings);
                let score = metric.sentence(&corpus.hypotheses[i], &corpus.references_of(i));
                assert_close(score.unwrap().score, *expected, &what);
            }
        }
    }
}
