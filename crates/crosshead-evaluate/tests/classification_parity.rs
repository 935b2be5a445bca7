//! Scores equal those of scikit-learn (`fixtures/export_classification.py`).

use std::fs;
use std::path::Path;

use crosshead_evaluate::{ConfusionMatrix, EvaluateError, MeanOver};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    n_classes: usize,
    truth: Vec<u32>,
    predicted: Vec<u32>,
    f1: F1,
    accuracy: f64,
    matthews: f64,
    matrix: Vec<Vec<u64>>,
    /// For each class: precision, recall, F₁, support.
    classes: Vec<[f64; 4]>,
}

#[derive(Deserialize)]
struct F1 {
    #[serde(rename = "macro")]
    macro_: f64,
    macro_of_all_classes: f64,
    micro: f64,
    weighted: f64,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/classification.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn assert_close(actual: f64, expected: f64, what: &str) {
    assert!((actual - expected).abs() <= 1e-12, "{what}: {actual}, expected {expected}");
}

#[test]
fn scores_match_scikit_learn() {
    for case in cases() {
        let matrix = ConfusionMatrix::new(&case.truth, &case.predicted, case.n_classes).unwrap();
        assert_eq!(matrix.rows(), case.matrix, "{}", case.name);
        let score = matrix.score();
        assert_close(score.accuracy, case.accuracy, &case.name);
        assert_close(score.macro_f1, case.f1.macro_, &case.name);
        let over_all = matrix.macro_f1_over(MeanOver::AllClasses);
        assert_close(over_all, case.f1.macro_of_all_classes, &case.name);
        assert_close(matrix.micro_f1(), case.f1.micro, &case.name);
        assert_close(score.weighted_f1, case.f1.weighted, &case.name);
        assert_close(score.matthews, case.matthews, &case.name);
        assert_eq!(score.examples, case.truth.len() as u64);
        for (class, [precision, recall, f1, support]) in case.classes.into_iter().enumerate() {
            let found = matrix.class(class);
            assert_close(found.precision, precision, &case.name);
            assert_close(found.recall, recall, &case.name);
            assert_close(found.f1, f1, &case.name);
            assert_eq!(found.support as f64, support, "{}", case.name);
        }
    }
}

#[test]
fn a_class_that_does_not_occur_lowers_only_the_mean_over_all_classes() {
    let matrix = ConfusionMatrix::new(&[0, 1, 1], &[0, 1, 1], 4).unwrap();
    assert_eq!(matrix.macro_f1(), 1.0);
    assert_eq!(matrix.macro_f1_over(MeanOver::AllClasses), 0.5);
}

#[test]
fn a_table_has_a_row_per_true_class() {
    let matrix = ConfusionMatrix::new(&[0, 1, 1], &[1, 1, 1], 2).unwrap();
    let labels = ["negative".to_owned(), "positive".to_owned()];
    let expected = "\
true \\ predicted  negative  positive
negative                 0         1
positive                 0         2";
    assert_eq!(matrix.table(&labels).to_string(), expected);
}

#[test]
fn invalid_predictions_are_errors() {
    let error =
        |truth: &[u32], predicted: &[u32]| ConfusionMatrix::new(truth, predicted, 2).unwrap_err();
    assert_eq!(error(&[], &[]), EvaluateError::EmptyCorpus);
    assert_eq!(error(&[0], &[]), EvaluateError::PredictionCount { examples: 1, predictions: 0 });
    assert_eq!(error(&[0], &[2]), EvaluateError::NoSuchClass { class: 2, n_classes: 2 });
    assert_eq!(error(&[7], &[0]), EvaluateError::NoSuchClass { class: 7, n_classes: 2 });
}
