//! Entities and their scores equal those of seqeval (`fixtures/export_entities.py`).

use std::fs;
use std::path::Path;

use crosshead_evaluate::{EntityScore, EvaluateError, entities};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/entities.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn tags(sentences: &Value) -> Vec<Vec<String>> {
    serde_json::from_value(sentences.clone()).unwrap()
}

#[test]
fn entities_are_those_of_seqeval() {
    for case in cases() {
        for (tags, expected) in
            tags(&case["reference"]).iter().zip(case["entities"].as_array().unwrap())
        {
            let found: Vec<Value> = entities(tags)
                .into_iter()
                .map(|entity| {
                    serde_json::json!([entity.words.start, entity.words.end, entity.kind])
                })
                .collect();
            assert_eq!(&Value::Array(found), expected, "{}: {tags:?}", case["name"]);
        }
    }
}

#[test]
fn scores_are_those_of_seqeval() {
    for case in cases() {
        let score = EntityScore::new(&tags(&case["reference"]), &tags(&case["predicted"])).unwrap();
        let found = [score.precision(), score.recall(), score.f1(), score.accuracy];
        for (name, found) in ["precision", "recall", "f1", "accuracy"].into_iter().zip(found) {
            let expected = case[name].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-12, "{}: {name} {found}", case["name"]);
        }
    }
}

#[test]
fn each_word_needs_one_prediction() {
    let [one, two] = [vec![vec!["O"]], vec![vec!["O", "O"]]];
    let error = EntityScore::new(&two, &one).unwrap_err();
    assert_eq!(error, EvaluateError::PredictionCount { examples: 2, predictions: 1 });
    assert_eq!(EntityScore::new::<&str, &str>(&[], &[]).unwrap_err(), EvaluateError::EmptyCorpus);
}
