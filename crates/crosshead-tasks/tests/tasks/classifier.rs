//! Classification.

use crosshead_models::ProblemType;
use crosshead_tasks::{Classified, Classifier, ScoreFunction};

use crate::tiny::{self, LINES, assert_close, word_piece};

fn classifier() -> Classifier {
    let tokenizer = word_piece();
    Classifier::new(tiny::classifier(&tokenizer), tokenizer)
}

/// The scores ordered by class.
fn by_class(classified: &Classified) -> Vec<f32> {
    let mut labels = classified.labels.clone();
    labels.sort_by_key(|label| label.class);
    labels.iter().map(|label| label.score).collect()
}

#[test]
fn batched_results_equal_single_results() {
    let classifier = classifier();
    let texts = [LINES[0], "cat", "", LINES[3]];
    let batched = classifier.classify(&texts).unwrap();
    for (text, batched) in texts.iter().zip(&batched) {
        let alone = classifier.classify(&[text]).unwrap().remove(0);
        assert_close(&by_class(batched), &by_class(&alone));
    }
    assert_ne!(by_class(&batched[0]), by_class(&batched[1]), "the model ignores the text");
}

#[test]
fn labels_are_sorted_by_score() {
    let classified = classifier().classify(&[LINES[2]]).unwrap().remove(0);
    let scores: Vec<f32> = classified.labels.iter().map(|label| label.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{scores:?}");
    for label in &classified.labels {
        assert_eq!(label.name, ["bad", "fair", "good"][label.class as usize]);
    }
}

#[test]
fn scores_are_a_function_of_the_logits() {
    let of =
        |function| by_class(&classifier().with_function(function).classify(&["cat"]).unwrap()[0]);
    let logits = of(ScoreFunction::None);
    let exps: Vec<f32> = logits.iter().map(|x| x.exp()).collect();
    let softmax: Vec<f32> = exps.iter().map(|exp| exp / exps.iter().sum::<f32>()).collect();
    assert_close(&of(ScoreFunction::Softmax), &softmax);
    let sigmoid: Vec<f32> = logits.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
    assert_close(&of(ScoreFunction::Sigmoid), &sigmoid);
}

#[test]
fn the_problem_type_determines_the_function() {
    for (problem_type, function) in [
        (None, ScoreFunction::Softmax),
        (Some(ProblemType::SingleLabelClassification), ScoreFunction::Softmax),
        (Some(ProblemType::MultiLabelClassification), ScoreFunction::Sigmoid),
        (Some(ProblemType::Regression), ScoreFunction::None),
    ] {
        let tokenizer = word_piece();
        let model = tiny::classifier(&tokenizer).with_problem_type(problem_type);
        assert_eq!(Classifier::new(model, tokenizer).function(), function, "{problem_type:?}");
    }
}

#[test]
fn a_text_that_is_too_long_is_truncated_and_reported() {
    let long = LINES.join(" ");
    let longer = format!("{long} and more");
    let classified = classifier().classify(&["cat", &long, &longer]).unwrap();
    let truncated: Vec<bool> = classified.iter().map(|classified| classified.truncated).collect();
    assert_eq!(truncated, [false, true, true]);
    assert_close(&by_class(&classified[1]), &by_class(&classified[2]));
}
