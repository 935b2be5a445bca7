//! Every task: training, inference, evaluation, resuming.

use std::fs;

use serde_json::Value;

use crate::harness::{Folder, assert_names, stderr};

/// A recipe for a classifier, where the label depends on one of two words.
const CLASSIFY: &str = r#"
task = "classify"

[data]
train = "labelled.tsv"
valid = "labelled.tsv"
test = "labelled.tsv"
names = ["bad", "good"]

[tokenizer]
vocab_size = 60

[model]
preset = "tiny"
n_layers = 1
max_len = 16
dropout = 0.0

[train]
steps = 40
batch_examples = 8
schedule = "constant"
peak = 3e-3
validate_every = 20
checkpoint_every = 20
"#;

/// A recipe that memorizes a text.
const LANGUAGE_MODEL: &str = r#"
task = "language-model"

[data]
train = "text.txt"
valid = "text.txt"
test = "text.txt"
context = 16

[tokenizer]
kind = "char"

[model]
preset = "tiny"
dropout = 0.0

[train]
steps = 60
batch_examples = 8
schedule = "constant"
peak = 3e-3
validate_every = 30
checkpoint_every = 20

[sample]
prompts = ["the "]
tokens = 10
"#;

/// A recipe that learns to fill masks in the same text.
const MASKED_LM: &str = r#"
task = "masked-lm"

[data]
train = "text.txt"
valid = "text.txt"
test = "text.txt"
context = 16

[tokenizer]
vocab_size = 60

[model]
preset = "tiny"
max_len = 16
dropout = 0.0

[train]
steps = 60
batch_examples = 8
schedule = "constant"
peak = 3e-3
validate_every = 30
checkpoint_every = 20
"#;

/// A folder with a recipe and data for each task.
fn folder() -> Folder {
    let folder = Folder::with_toy_corpus();
    let labelled: String = (0..40)
        .map(|n| {
            let (label, word) = [("0", "awful"), ("1", "lovely")][n % 2];
            let thing = ["film", "phone", "meal", "song", "book"][n % 5];
            format!("{label}\tthe {thing} was {word} today\n")
        })
        .collect();
    folder.write("labelled.tsv", labelled);
    folder.write("text.txt", "the cat sat on the mat. the dog ran in the fog.\n".repeat(20));
    folder.write("classify.toml", CLASSIFY);
    folder.write("language-model.toml", LANGUAGE_MODEL);
    folder.write("masked-lm.toml", MASKED_LM);
    folder
}

fn train(folder: &Folder, recipe: &str, out: &str, more: &[&str]) -> Value {
    let args = [&["train", recipe, "--out", out, "--json"], more].concat();
    serde_json::from_str(&folder.ok(&args)).unwrap()
}

fn score(report: &Value, figure: &str) -> f64 {
    report[figure]["score"].as_f64().unwrap_or_else(|| panic!("no {figure} in {report}"))
}

#[test]
fn a_classifier_learns_the_decisive_word() {
    let folder = folder();
    let report = train(&folder, "classify.toml", "run", &[]);
    assert!(score(&report["test"], "accuracy") > 95.0, "{report}");
    assert!(score(&report["test"], "macro_f1") > 95.0, "{report}");
    assert_eq!(report["test"]["confusion"]["labels"], serde_json::json!(["bad", "good"]));
    assert_eq!(report["test"]["texts"], 40);

    let args = ["classify", "--model", "run", "--json", "the tune was lovely", "an awful meal", ""];
    let lines: Vec<Value> =
        folder.ok(&args).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["label"], "good");
    assert_eq!(lines[1]["label"], "bad");
    let sum = |line: &Value| {
        line["probabilities"]
            .as_object()
            .unwrap()
            .values()
            .map(|p| p.as_f64().unwrap())
            .sum::<f64>()
    };
    assert!(lines.iter().all(|line| (sum(line) - 1.0).abs() < 1e-5), "{lines:?}");

    let again = folder.ok(&["evaluate", "--model", "run", "--data", "labelled.tsv", "--json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again, report["test"], "evaluate must report the same metrics as the run");

    folder.write("good.tsv", "1\tthe song was lovely today\n");
    let good = folder.ok(&["evaluate", "--model", "run", "--data", "good.tsv", "--json"]);
    let good: Value = serde_json::from_str(&good).unwrap();
    assert_eq!(score(&good, "macro_f1"), 100.0, "a class that does not occur must not count");
}

#[test]
fn a_language_model_memorizes_a_text() {
    let folder = folder();
    let report = train(&folder, "language-model.toml", "run", &[]);
    assert!(score(&report["test"], "perplexity") < 6.0, "{report}");
    let (nats, bits) =
        (score(&report["test"], "loss"), score(&report["test"], "bits_per_character"));
    assert!(
        (bits - nats / std::f64::consts::LN_2).abs() < 1e-9,
        "each token must be a character: {report}"
    );
    let args = ["evaluate", "--model", "run/model", "--data", "text.txt", "--json"];
    let again: Value = serde_json::from_str(&folder.ok(&args)).unwrap();
    assert_eq!(again["perplexity"], report["test"]["perplexity"]);

    let generate = ["generate", "--model", "run", "--max-tokens", "12"];
    let whole = folder.ok(&[&generate[..], &["the c"]].concat());
    assert!(whole.starts_with("the c") && whole.trim_end().chars().count() <= 17, "{whole}");
    let json = folder.ok(&[&generate[..], &["--json", "the c"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(format!("the c{}", json["text"].as_str().unwrap()), whole.trim_end_matches('\n'));
    let seeds: Vec<String> = ["1", "1", "2"]
        .map(|seed| {
            folder.ok(&[&generate[..], &["--temperature", "1.5", "--seed", seed, "the"]].concat())
        })
        .into();
    assert_eq!(seeds[0], seeds[1], "the same seed must give the same text");
    assert_ne!(seeds[0], seeds[2], "a different seed must give a different text");
    let greedy = ["--temperature", "0"];
    let one = ["--top-k", "1"];
    let by = |more: &[&str]| folder.ok(&[&generate[..], more, &["the dog"]].concat());
    assert_eq!(by(&greedy), by(&one), "top-k with k = 1 must equal greedy decoding");
}

#[test]
fn a_masked_language_model_learns_to_fill_masks() {
    let folder = folder();
    let report = train(&folder, "masked-lm.toml", "run", &["--set", "train.steps=400"]);
    let unigram = score(&report["test"]["unigram"], "perplexity");
    assert!(score(&report["test"], "pseudo_perplexity") < unigram, "{report}");
    assert!(score(&report["test"], "accuracy") > 30.0, "{report}");
    let args =
        ["fill-mask", "--model", "run", "--top", "3", "--json", "the [MASK] sat on the [MASK]."];
    let filled: Value = serde_json::from_str(&folder.ok(&args)).unwrap();
    let masks = filled["masks"].as_array().unwrap();
    assert_eq!(masks.len(), 2);
    for guesses in masks {
        let probabilities: Vec<f64> = guesses
            .as_array()
            .unwrap()
            .iter()
            .map(|guess| guess["probability"].as_f64().unwrap())
            .collect();
        assert_eq!(probabilities.len(), 3);
        assert!(probabilities.is_sorted_by(|a, b| a >= b), "{filled}");
    }
    assert!(!filled["filled"].as_str().unwrap().contains("[MASK]"), "{filled}");
}

#[test]
fn a_summarizer_is_scored_by_rouge_with_a_baseline() {
    let folder = folder();
    let report = train(
        &folder,
        "tiny.toml",
        "run",
        &["--set", "task=summarize", "--set", "train.select=rouge_l"],
    );
    for figure in ["rouge1", "rouge2", "rouge_l"] {
        assert!((0.0..=100.0).contains(&score(&report["test"], figure)), "{report}");
        assert!((0.0..=100.0).contains(&score(&report["test"]["first 8 words"], figure)));
    }
    let summary = folder.ok(&["summarize", "--model", "run", "--json", "one two", ""]);
    let lines: Vec<Value> =
        summary.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["summary"].is_string());
    assert_eq!(lines[1]["summary"], "", "a blank document must have a blank summary");
}

#[test]
fn every_task_is_bitwise_reproducible_when_resumed_and_for_any_number_of_threads() {
    let folder = folder();
    for recipe in ["classify.toml", "language-model.toml", "masked-lm.toml"] {
        let name = recipe.trim_end_matches(".toml");
        let out = |kind: &str| format!("{name}-{kind}");
        let steps = ["--set", "train.steps=40"];
        folder
            .ok(&[&["train", recipe, "--out", &out("whole"), "--threads", "1"], &steps[..]]
                .concat());
        folder.ok(&["train", recipe, "--out", &out("part"), "--set", "train.steps=20"]);
        folder.ok(&[&["train", recipe, "--out", &out("part"), "--resume"], &steps[..]].concat());
        for file in ["checkpoints/40/weights.safetensors", "checkpoints/40/optimizer.safetensors"] {
            let read = |kind: &str| fs::read(folder.path(&out(kind)).join(file)).unwrap();
            assert!(read("whole") == read("part"), "{name}: {file} differs");
        }
    }
}

#[test]
fn fine_tuning_a_run_reports_new_and_frozen_weights() {
    let folder = folder();
    train(&folder, "masked-lm.toml", "pretrained", &[]);
    folder.write(
        "tune.toml",
        CLASSIFY
            .replace("[tokenizer]\nvocab_size = 60\n", "")
            .replace("[model]\npreset = \"tiny\"\nn_layers = 1\nmax_len = 16\ndropout = 0.0\n", ""),
    );
    let args = [
        "train",
        "tune.toml",
        "--out",
        "tuned",
        "--init",
        "pretrained",
        "--set",
        "train.freeze=[\"encoder.embedding*\"]",
    ];
    let output = folder.command(&args).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["new weights: pooler.weight", "classifier.weight", "frozen"]);
    let recipe = fs::read_to_string(folder.path("tuned/recipe.toml")).unwrap();
    assert_names(&recipe, &["init = ", "pretrained", "encoder.embedding*"]);
    for file in ["tokenizer.json", "config.json"] {
        assert!(folder.path("tuned/model").join(file).is_file(), "{file}");
    }
    assert!(folder.ok(&["classify", "--model", "tuned", "the song was lovely"]).contains('\t'));

    let again = ["train", "tune.toml", "--out", "again", "--init", "tuned"];
    let output = folder.command(&again).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stderr(&output).contains("new weights"), "a head with the same labels must be kept");

    let nothing = folder.fails(&[
        "train",
        "tune.toml",
        "--out",
        "x",
        "--init",
        "tuned",
        "--set",
        "train.freeze=[\"decoder.*\"]",
    ]);
    assert_names(&nothing, &["train.freeze", "decoder.*", "matches no parameter"]);
}
