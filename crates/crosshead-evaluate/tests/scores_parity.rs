//! Scores of more than 1,000 segments, confidence intervals and p-values equal those of sacreBLEU 2.6
//! (`fixtures/export_scores.py`).

use std::fs;
use std::path::Path;

use crosshead_evaluate::{
    Bleu, Chrf, EvaluateError, Metric, PairedTest, ReferenceCount, References, Sampling, Segment,
    SegmentStatistics, Smoothing, Ter, Tokenizer,
};
use serde::Deserialize;
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;

/// sacreBLEU scores bootstrap samples in single precision.
const SINGLE_PRECISION: f64 = 1e-4;

#[derive(Deserialize)]
struct Fixture {
    metrics: Vec<(String, Value)>,
    corpora: Vec<Corpus>,
    significance: Significance,
}

#[derive(Deserialize)]
struct Corpus {
    name: String,
    /// The number of its first segment, over all corpora.
    first: usize,
    /// The hypothesis and the references of each segment.
    segments: Vec<Vec<Option<String>>>,
    /// The score and the signature of each metric.
    corpus: Vec<(f64, String)>,
    /// The scores of each segment: BLEU, chrF and TER with settings that change with its number.
    sentences: Vec<[f64; 3]>,
}

#[derive(Deserialize)]
struct Significance {
    systems: Vec<Vec<String>>,
    references: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    test: String,
    samples: usize,
    seed: u64,
    signature: String,
    results: Results,
}

/// The results of each system: score, p-value, mean and half-width of the confidence interval.
type SystemResult = (f64, Option<f64>, Option<f64>, Option<f64>);

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "BLEU")]
    bleu: Vec<SystemResult>,
    #[serde(rename = "chrF2")]
    chrf: Vec<SystemResult>,
    #[serde(rename = "TER")]
    ter: Vec<SystemResult>,
}

fn fixture() -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scores.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn metric(name: &str, settings: &Value) -> Box<dyn Metric> {
    let on = |key: &str| settings[key].as_bool().unwrap();
    let number = |key: &str| settings[key].as_u64().unwrap();
    match name {
        "bleu" => {
            let value = settings["smooth_value"].as_f64();
            let smoothing = match settings["smooth_method"].as_str().unwrap() {
                "exp" => Smoothing::Exponential,
                "floor" => Smoothing::Floor(value.unwrap_or(0.1)),
                "add-k" => Smoothing::AddK(value.unwrap_or(1.0)),
                _ => Smoothing::None,
            };
            let tokenizer = Tokenizer::ALL
                .into_iter()
                .find(|tokenizer| settings["tokenize"] == tokenizer.name())
                .unwrap();
            Box::new(
                Bleu::new()
                    .with_tokenizer(tokenizer)
                    .with_smoothing(smoothing)
                    .with_lowercase(on("lowercase"))
                    .with_effective_order(on("effective_order")),
            )
        }
        "chrf" => Box::new(
            Chrf::new()
                .with_char_order(number("char_order") as usize)
                .with_word_order(number("word_order") as usize)
                .with_beta(number("beta") as u32)
                .with_lowercase(on("lowercase"))
                .with_whitespace(on("whitespace"))
                .with_eps_smoothing(on("eps_smoothing")),
        ),
        "ter" => Box::new(
            Ter::new()
                .with_normalized(on("normalized"))
                .with_no_punctuation(on("no_punct"))
                .with_asian_support(on("asian_support"))
                .with_case_sensitive(on("case_sensitive")),
        ),
        other => panic!("unknown metric {other}"),
    }
}

fn settings_part(signature: &str) -> &str {
    signature.split("|version:").next().unwrap()
}

#[track_caller]
fn assert_close(actual: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual}, expected {expected}");
}

#[test]
fn corpus_scores_and_signatures_match_sacrebleu() {
    let Fixture { metrics, corpora, .. } = fixture();
    for corpus in corpora {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let hypotheses: Vec<String> = corpus.segments.iter().map(|s| text(&s[0])).collect();
        let streams: Vec<Vec<String>> = (1..corpus.segments[0].len())
            .map(|stream| corpus.segments.iter().map(|s| text(&s[stream])).collect())
            .collect();
        let missing = corpus.segments.iter().flatten().any(Option::is_none);
        let references = if missing {
            References::without_blank(&streams, hypotheses.len())
        } else {
            References::new(&streams, hypotheses.len())
        }
        .unwrap();
        for ((name, settings), (score, signature)) in metrics.iter().zip(&corpus.corpus) {
            let what = format!("{}, {name} {settings}", corpus.name);
            let metric = metric(name, settings);
            let statistics =
                SegmentStatistics::new(metric.as_ref(), &hypotheses, &references).unwrap();
            assert_close(metric.value(&statistics.sum()), *score, TOLERANCE, &what);
            let found = metric.signature(references.count(), &[]);
            assert_eq!(settings_part(&found), signature, "{what}");
        }
    }
}

#[test]
fn sentence_scores_match_sacrebleu() {
    let Fixture { metrics, corpora, .. } = fixture();
    let kinds = ["bleu", "chrf", "ter"].map(|kind| {
        let of_kind = metrics.iter().filter(|(name, _)| name == kind);
        of_kind.map(|(name, settings)| (settings, metric(name, settings))).collect::<Vec<_>>()
    });
    let mut segments = 0;
    for corpus in corpora {
        for (at, (texts, expected)) in corpus.segments.iter().zip(&corpus.sentences).enumerate() {
            let texts: Vec<&str> = texts.iter().flatten().map(String::as_str).collect();
            let segment = Segment { hypothesis: texts[0], references: texts[1..].to_vec() };
            for (kind, expected) in kinds.iter().zip(expected) {
                let (settings, metric) = &kind[(corpus.first + at) % kind.len()];
                let what = format!("{} {settings}, {texts:?}", metric.name());
                let score = metric.value(&metric.statistics(&segment));
                assert_close(score, *expected, TOLERANCE, &what);
            }
            segments += 1;
        }
    }
    assert!(segments >= 1000, "{segments}");
}

#[test]
fn confidence_intervals_and_p_values_match_sacrebleu() {
    let Significance { systems, references, cases } = fixture().significance;
    let streams = [references];
    let references = References::new(&streams, systems[0].len()).unwrap();
    for Case { test, samples, seed, signature, results } in cases {
        let test = if test == "bs" { PairedTest::Bootstrap } else { PairedTest::Randomization };
        let sampling = Sampling::new(test).with_samples(samples).with_seed(seed);
        assert_eq!(
            settings_part(&Bleu::new().signature(references.count(), &[sampling])),
            signature
        );
        let metrics: [(Box<dyn Metric>, _); 3] = [
            (Box::new(Bleu::new()), results.bleu),
            (Box::new(Chrf::new()), results.chrf),
            (Box::new(Ter::new()), results.ter),
        ];
        for (metric, results) in metrics {
            let statistics: Vec<SegmentStatistics> = systems
                .iter()
                .map(|system| SegmentStatistics::new(metric.as_ref(), system, &references).unwrap())
                .collect();
            for (system, (score, p_value, mean, half_width)) in statistics.iter().zip(results) {
                let what = format!("{sampling:?}, {}", metric.name());
                assert_close(metric.value(&system.sum()), score, TOLERANCE, &what);
                if let Some(expected) = p_value {
                    let found = sampling.p_value(metric.as_ref(), &statistics[0], system);
                    assert_eq!(found, expected, "{what}");
                }
                if let (Some(mean), Some(half_width)) = (mean, half_width) {
                    let found = sampling.confidence(metric.as_ref(), system);
                    assert_close(found.mean, mean, SINGLE_PRECISION, &what);
                    assert_close(found.half_width, half_width, SINGLE_PRECISION, &what);
                }
            }
        }
    }
}

#[test]
fn sacrebleus_default_samples_are_the_default() {
    let bootstrap = Sampling::new(PairedTest::Bootstrap);
    let trials = Sampling::new(PairedTest::Randomization);
    assert_eq!((bootstrap.samples(), trials.samples()), (1000, 10_000));
    let signature = Ter::new().signature(ReferenceCount::Varies, &[bootstrap, trials]);
    let expected =
        "nrefs:var|bs:1000|ar:10000|seed:12345|case:lc|tok:tercom|norm:no|punct:yes|asian:no";
    assert_eq!(settings_part(&signature), expected);
}

#[test]
fn a_segment_with_only_blank_references_is_an_error() {
    let streams = [["a", " "], ["", ""]];
    let error = References::without_blank(&streams, 2).unwrap_err();
    assert_eq!(error, EvaluateError::SegmentWithoutReference { segment: 2 });
    assert!(References::new(&streams, 2).is_ok());
}
