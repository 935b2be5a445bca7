//! Pairs of texts, token classification and the curves of runs on the command line.

use std::fs;

use serde_json::Value;

use crate::harness::{Folder, assert_names, error_of, json};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures");

fn fixture(name: &str) -> Value {
    json(format!("{FIXTURES}/token-pipelines/{name}").as_ref())
}

#[track_caller]
fn assert_near(name: &str, found: &Value, expected: &Value) {
    let [found, expected] = [found, expected].map(|value| value.as_f64().unwrap());
    assert!((found - expected).abs() < 1e-4, "{name}: {found} instead of {expected}");
}

#[test]
fn pairs_of_texts_have_the_scores_of_transformers() {
    let folder = Folder::empty();
    for (model, cases) in fixture("pairs.json").as_object().unwrap() {
        let cases = cases.as_array().unwrap();
        let text = |case: &Value, key: &str| case[key].as_str().unwrap().to_owned();
        let lines: Vec<String> = cases
            .iter()
            .map(|case| format!("{}\t{}", text(case, "first"), text(case, "second")))
            .collect();
        let dir = format!("{FIXTURES}/{model}");
        let mut args = vec!["classify", "--model", &dir, "--pairs", "--json"];
        args.extend(lines.iter().map(String::as_str));
        let found = folder.ok(&args);
        assert_eq!(found.lines().count(), cases.len());
        for (line, case) in found.lines().zip(cases) {
            let line: Value = serde_json::from_str(line).unwrap();
            for (label, score) in case["scores"].as_object().unwrap() {
                assert_near(model, &line["probabilities"][label], score);
            }
        }
    }
}

#[test]
fn a_pair_without_two_texts_is_an_error() {
    let folder = Folder::empty();
    let dir = format!("{FIXTURES}/pipelines/three");
    for (text, columns) in [("a film", "1 column(s)"), ("a\tb\tc", "3 column(s)")] {
        let args = ["classify", "--model", &dir, "--pairs", "the\tfilm", text];
        let message = error_of(&args, &folder.command(&args).output().unwrap());
        assert_names(&message, &["text 2", columns, "one tab"]);
    }
}

#[test]
fn entities_are_those_of_transformers() {
    let folder = Folder::empty();
    for (model, cases) in fixture("tags.json").as_object().unwrap() {
        let dir = format!("{FIXTURES}/{model}");
        let texts: Vec<&str> =
            cases["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        for aggregation in ["none", "simple", "first"] {
            let options = ["token-classify", "--model", &dir, "--aggregation", aggregation];
            let found = folder.ok(&[&options, &["--json"][..], &texts].concat());
            assert_eq!(found.lines().count(), texts.len());
            let mut entities = 0;
            for (line, expected) in found.lines().zip(cases[aggregation].as_array().unwrap()) {
                let line: Value = serde_json::from_str(line).unwrap();
                let name = format!("{model}, {aggregation}, {}", line["text"]);
                let (found, expected) =
                    (line["entities"].as_array().unwrap(), expected.as_array().unwrap());
                assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
                for (found, expected) in found.iter().zip(expected) {
                    let place = [&found["label"], &found["start"], &found["end"]];
                    assert_eq!(place, [&expected[0], &expected[2], &expected[3]], "{name}");
                    assert_near(&name, &found["score"], &expected[1]);
                }
                entities += found.len();
            }
            let plain = folder.ok(&[&options, &texts[..]].concat());
            assert_eq!(plain.lines().count(), entities);
        }
    }
}

const NER: &str = r#"
task = "token-classify"

[data]
train = "train.conll"
valid = "train.conll"
test = "train.conll"

[tokenizer]
vocab_size = 70

[model]
preset = "tiny"

[train]
steps = 4
batch_examples = 4
validate_every = 2
"#;

#[test]
fn a_trained_token_classifier_is_used_and_evaluated() {
    let folder = Folder::empty();
    folder.write(
        "train.conll",
        "Ada B-PER\nlives O\nin O\nNew B-LOC\nYork I-LOC\n\nnobody O\n\n".repeat(4),
    );
    folder.write("ner.toml", NER);
    let result: Value =
        serde_json::from_str(&folder.ok(&["train", "ner.toml", "--out", "run", "--json"])).unwrap();
    let evaluated = folder.ok(&["evaluate", "--model", "run", "--data", "train.conll", "--json"]);
    let evaluated: Value = serde_json::from_str(&evaluated).unwrap();
    assert_eq!(evaluated, result["test"]);
    assert_eq!(evaluated["words"], 24);
    folder.ok(&["token-classify", "--model", "run", "Ada lives in New York"]);
    // Another run starts from the model, with the same labels.
    folder.ok(&[
        "train",
        "ner.toml",
        "--out",
        "again",
        "--init",
        "run",
        "--set",
        "tokenizer={}",
        "--set",
        "model={}",
    ]);
    folder.write("wrong.conll", "Ada B-ORG\n");
    let message =
        folder.fails(&["train", "ner.toml", "--out", "bad", "--set", "data.test=wrong.conll"]);
    assert_names(&message, &["wrong.conll, line 1", "`B-ORG`", "B-LOC, B-PER"]);
}

#[test]
fn runs_are_drawn_and_logged_for_tensorboard() {
    let folder = Folder::with_toy_corpus();
    folder.train("first", &[]);
    folder.train("second", &["--set", "train.seed=2"]);
    for file in ["first/curves.svg", "first/events.out.tfevents"] {
        assert!(folder.path(file).is_file(), "{file}");
    }
    assert_eq!(folder.ok(&["plot", "first", "second/log.jsonl", "-o", "both.svg"]), "both.svg\n");
    let svg = fs::read_to_string(folder.path("both.svg")).unwrap();
    assert_names(&svg, &["first", "second", "loss", "bleu", "learning rate"]);
    let message = folder.fails(&["plot", "first", "nothing"]);
    assert_names(&message, &["nothing", "no log", "log.jsonl"]);
    folder.write("odd.jsonl", "{\"step\": 1, \"loss\": 2}\nx\n");
    assert_names(&folder.fails(&["plot", "odd.jsonl"]), &["odd.jsonl", "line 2"]);
}
