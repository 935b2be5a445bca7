//! Rank correlations equal those of SciPy (`fixtures/export_correlation.py`).

use std::fs;
use std::path::Path;

use crosshead_evaluate::{EvaluateError, spearman};
use serde_json::Value;

#[test]
fn correlations_are_those_of_scipy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/correlation.json");
    let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for case in cases {
        let values = |key: &str| -> Vec<f64> { serde_json::from_value(case[key].clone()).unwrap() };
        let found = spearman(&values("truth"), &values("predicted")).unwrap();
        let expected = case["spearman"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-12, "{found} and {expected}");
    }
}

#[test]
fn values_without_ranks_have_no_correlation() {
    assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]).unwrap(), 0.0);
    assert_eq!(spearman(&[], &[]).unwrap_err(), EvaluateError::EmptyCorpus);
    assert_eq!(spearman(&[f64::NAN], &[1.0]).unwrap_err(), EvaluateError::NotANumber);
    let error = spearman(&[1.0], &[]).unwrap_err();
    assert_eq!(error, EvaluateError::PredictionCount { examples: 1, predictions: 0 });
}
