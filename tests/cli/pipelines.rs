//! Classifiers and masked language models in all file variants, compared with the pipelines of transformers
//! (`tests/fixtures/export_pipelines.py`).

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Folder, assert_names, stderr};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/pipelines");

/// The variants of a kind.
fn variants(kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(format!("{FIXTURES}/variants.json")).unwrap();
    let variants: Value = serde_json::from_str(&text).unwrap();
    variants[kind].as_array().unwrap().clone()
}

/// A folder with the model `name` in `model`.
fn folder(model: &str) -> Folder {
    let folder = Folder::with_toy_corpus();
    fs::create_dir(folder.path("model")).unwrap();
    for file in fs::read_dir(format!("{FIXTURES}/{model}")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path("model").join(file.file_name())).unwrap();
    }
    folder
}

/// A folder with the classifier of this name, with these keys in its `config.json`.
fn classifier(model: &str, keys: &Value) -> Folder {
    let folder = folder(model);
    let text = fs::read_to_string(folder.path("model/config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    folder.write("model/config.json", config.to_string());
    folder
}

fn texts(variant: &Value) -> Vec<&str> {
    variant["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[track_caller]
fn assert_near(name: &str, found: &Value, expected: &Value) {
    let [found, expected] = [found, expected].map(|value| value.as_f64().unwrap());
    assert!(
        (found - expected).abs() < 1e-4 * (1.0 + expected.abs()),
        "{name}: {found} instead of {expected}"
    );
}

#[test]
fn every_problem_type_gives_the_scores_of_transformers() {
    for variant in variants("classify") {
        let name = variant["name"].as_str().unwrap();
        let folder = classifier(variant["model"].as_str().unwrap(), &variant["config"]);
        let function = variant["options"]["function_to_apply"].as_str();
        let function = function.map(|function| ["--function", function]);
        let more: Vec<&str> = function.into_iter().flatten().chain(texts(&variant)).collect();
        let args = [&["classify", "--model", "model", "--json"], &more[..]].concat();
        let found = folder.ok(&args);
        assert_eq!(found.lines().count(), texts(&variant).len(), "{name}");
        let plain: Vec<&str> = args.iter().copied().filter(|arg| *arg != "--json").collect();
        let plain = folder.ok(&plain);
        for ((line, plain), expected) in
            found.lines().zip(plain.lines()).zip(variant["scores"].as_array().unwrap())
        {
            let line: Value = serde_json::from_str(line).unwrap();
            let found = line.get("probabilities").or(line.get("scores"));
            let found = found.and_then(Value::as_object).unwrap();
            assert_eq!(found.len(), expected.as_object().unwrap().len(), "{name}");
            for (label, score) in expected.as_object().unwrap() {
                assert_near(name, &found[label], score);
            }
            let best = expected.as_object().unwrap().iter();
            let best =
                best.max_by(|a, b| a.1.as_f64().partial_cmp(&b.1.as_f64()).unwrap()).unwrap();
            assert_eq!(line["label"], json!(best.0), "{name}");
            let (label, score) = plain.split_once('\t').unwrap();
            assert_eq!(label, best.0, "{name}");
            assert!((score.parse::<f64>().unwrap() - best.1.as_f64().unwrap()).abs() < 2e-4);
        }
    }
}

#[test]
fn scores_that_are_not_probabilities_have_a_different_key() {
    let key = |keys: Value| {
        let folder = classifier("three", &keys);
        let line = folder.ok(&["classify", "--model", "model", "--json", "bad"]);
        let line: Value = serde_json::from_str(&line).unwrap();
        ["probabilities", "scores"].map(|key| line.get(key).is_some())
    };
    assert_eq!(key(json!({ "problem_type": "multi_label_classification" })), [true, false]);
    assert_eq!(key(json!({ "problem_type": "regression" })), [false, true]);
}

#[test]
fn the_error_for_an_unknown_problem_type_names_the_line() {
    let folder = classifier("three", &json!({ "problem_type": "ranking" }));
    let message = folder.fails(&["classify", "--model", "model", "bad"]);
    assert_names(&message, &["config.json", "ranking", "multi_label_classification"]);
    let folder = classifier("one", &json!({ "problem_type": "single_label_classification" }));
    let message = folder.fails(&["classify", "--model", "model", "bad"]);
    assert_names(&message, &["config.json", "problem_type", "two labels"]);
}

#[test]
fn only_single_label_classifiers_can_be_trained_and_evaluated() {
    for problem_type in ["multi_label_classification", "regression"] {
        let folder = classifier("three", &json!({ "problem_type": problem_type }));
        folder.write("labelled.tsv", "good\ta good film\nbad\ta bad film\n".repeat(4));
        folder.write("tune.toml", TUNE);
        let message = folder.fails(&["train", "tune.toml", "--init", "model"]);
        assert_names(&message, &["problem_type", problem_type, "single_label_classification"]);
        folder.write("known.tsv", "LABEL_0\ta good film\nLABEL_1\ta bad film\n");
        let message = folder.fails(&["evaluate", "--model", "model", "--data", "known.tsv"]);
        assert_names(&message, &["problem_type", problem_type, "single_label_classification"]);
    }
}

const TUNE: &str = r#"
task = "classify"
[data]
train = "labelled.tsv"
valid = "labelled.tsv"
[train]
steps = 2
validate_every = 2
"#;

#[test]
fn a_trained_classifier_is_saved_as_single_label() {
    let folder = classifier("three", &json!({}));
    folder.write("labelled.tsv", "good\ta good film\nbad\ta bad film\n".repeat(4));
    folder.write("tune.toml", TUNE);
    folder.ok(&["train", "tune.toml", "--init", "model", "--out", "run"]);
    let config = fs::read_to_string(folder.path("run/model/config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["problem_type"], "single_label_classification");
    let tokenizer = fs::read_to_string(folder.path("run/model/tokenizer_config.json")).unwrap();
    let tokenizer: Value = serde_json::from_str(&tokenizer).unwrap();
    assert_eq!(tokenizer["model_max_length"], 16);
}

#[test]
fn the_tokenizer_decides_which_spaces_around_a_mask_are_stripped() {
    for variant in variants("fill_mask") {
        let name = variant["name"].as_str().unwrap();
        let folder = folder("mask");
        for (file, content) in variant["files"].as_object().unwrap() {
            folder.write(&format!("model/{file}"), content.to_string());
        }
        for (text, expected) in texts(&variant).iter().zip(variant["guesses"].as_array().unwrap()) {
            let args = ["fill-mask", "--model", "model", "--top", "4", "--json", text];
            if expected.is_null() {
                assert_names(&folder.fails(&args), &["no <mask>"]);
                continue;
            }
            let found: Value = serde_json::from_str(&folder.ok(&args)).unwrap();
            let (found, expected) =
                (found["masks"].as_array().unwrap(), expected.as_array().unwrap());
            assert_eq!(found.len(), expected.len(), "{name}: {text}");
            for (found, expected) in found.iter().zip(expected) {
                for (found, expected) in
                    found.as_array().unwrap().iter().zip(expected.as_array().unwrap())
                {
                    assert_eq!(found["id"], expected[0], "{name}: {text}");
                    assert_near(name, &found["probability"], &expected[1]);
                    assert_ne!(found["text"], "", "{name}: {text}");
                }
            }
        }
    }
}

#[test]
fn a_mask_beyond_the_maximum_length_is_reported() {
    let folder = folder("mask");
    let text = format!("{} <mask>", "the cat ".repeat(10));
    let message = folder.fails(&["fill-mask", "--model", "model", &text]);
    assert_names(&message, &["after the model's maximum length"]);
    let text = format!("<mask> {}", "the cat ".repeat(10));
    let output = folder.command(&["fill-mask", "--model", "model", &text]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["warning", "text 1", "truncated"]);
}
