//! Training, translating and evaluating.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::harness::{Folder, files};

#[test]
fn a_trained_model_translates_and_evaluates() {
    let folder = Folder::with_toy_corpus();
    let report = folder.train("run", &[]);
    assert!(report.contains("test BLEU") && report.contains("test chrF"), "{report}");
    for name in [
        "recipe.toml",
        "log.jsonl",
        "model/config.json",
        "model/model.safetensors",
        "model/tokenizer.json",
    ] {
        assert!(folder.path("run").join(name).is_file(), "{name} is missing");
    }

    let two = folder.ok(&["translate", "--model", "run", "two three", "", "  \t"]);
    let blank = two.lines().skip(1).collect::<Vec<_>>();
    assert_eq!(blank, ["", ""], "a blank sentence must give an empty line");

    let json = folder.ok(&["evaluate", "--model", "run/model", "--data", "toy.tsv", "--json"]);
    let scores: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(scores["sentences"], 100);
    for metric in ["bleu", "chrf"] {
        let score = scores[metric]["score"].as_f64().unwrap();
        assert!((0.0..=100.0).contains(&score), "{json}");
        let bound = |end: &str| scores[metric]["interval"][end].as_f64().unwrap();
        assert!(bound("low") <= score && score <= bound("high"), "{json}");
        assert!(scores[metric]["signature"].as_str().unwrap().contains("version:"), "{json}");
    }
}

#[test]
fn standard_input_and_arguments_give_the_same_output() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &[]);
    let arguments = folder.ok(&["translate", "--model", "run", "one two", "three", "nine nine"]);
    let mut child = folder
        .command(&["translate", "--model", "run", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all("one two\r\nthree\nnine nine".as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), arguments);
}

#[test]
fn both_norm_orders_learn_the_toy_task() {
    let folder = Folder::with_toy_corpus();
    for order in ["pre", "post"] {
        let set = format!("model.norm_order={order}");
        let sets = [
            "train.steps=200",
            "train.validate_every=100",
            "train.warmup=60",
            "model.dropout=0.0",
            &set,
        ];
        let more: Vec<&str> =
            sets.iter().flat_map(|set| ["--set", set]).chain(["--json"]).collect();
        let report: serde_json::Value = serde_json::from_str(&folder.train(order, &more)).unwrap();
        let chrf = report["test"]["chrf"]["score"].as_f64().unwrap();
        assert!(chrf > 90.0, "{order}-norm reaches chrF {chrf} on its own training pairs");
    }
}

#[test]
fn a_run_is_bitwise_identical_with_one_and_two_threads() {
    let folder = Folder::with_toy_corpus();
    folder.train("one", &["--threads", "1"]);
    folder.train("two", &["--threads", "2"]);
    for name in [
        "tokenizer/tokenizer.json",
        "model/model.safetensors",
        "checkpoints/12/weights.safetensors",
    ] {
        let read = |run: &str| fs::read(folder.path(run).join(name)).unwrap();
        assert!(read("one") == read("two"), "{name} differs");
    }
    let losses = |run: &str| -> Vec<String> {
        let log = fs::read_to_string(folder.path(run).join("log.jsonl")).unwrap();
        let entries =
            log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        entries.map(|entry| format!("{} {}", entry["loss"], entry["valid_loss"])).collect()
    };
    assert_eq!(losses("one"), losses("two"));
}

#[test]
fn no_temporary_files_remain() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &[]);
    let names: Vec<String> =
        files(&folder.path("run")).iter().map(|path| path.display().to_string()).collect();
    assert!(
        names.iter().all(|name| !name.contains("partial") && !name.contains(".old")),
        "{names:?}"
    );
}

#[test]
fn recipes_are_listed_and_printed() {
    let folder = Folder::with_toy_corpus();
    assert!(folder.ok(&["recipes"]).contains("translate-en-de"));
    let printed = folder.ok(&["recipes", "translate-en-de"]);
    assert!(printed.contains("task = \"translate\""), "{printed}");
}

#[test]
fn the_help_of_every_subcommand_has_examples() {
    let folder = Folder::with_toy_corpus();
    for command in [
        &[][..],
        &["train"],
        &["translate"],
        &["summarize"],
        &["classify"],
        &["generate"],
        &["fill-mask"],
        &["evaluate"],
        &["recipes"],
    ] {
        let help = folder.ok(&[command, &["--help"]].concat());
        assert!(help.contains("Examples:"), "{command:?}: {help}");
    }
}

#[test]
fn inspect_shows_presets_and_trained_models() {
    let folder = Folder::with_toy_corpus();
    assert!(folder.ok(&["inspect"]).contains("vaswani2017-base"));
    let table = folder.ok(&["inspect", "bert-base"]);
    // 109,514,298 parameters, as counted by transformers (tests/fixtures/parameter-counts.json).
    assert!(table.contains("109,514,298") && table.contains("[30522, 768]"), "{table}");
    folder.train("run", &["--set", "model.norm_order=post"]);
    let json: serde_json::Value =
        serde_json::from_str(&folder.ok(&["inspect", "run", "--json"])).unwrap();
    let weights = fs::metadata(folder.path("run/model/model.safetensors")).unwrap().len();
    let bytes = json["bytes"].as_u64().unwrap();
    // The file also contains a header and the logits bias that masks padding.
    assert!(
        bytes < weights && weights < bytes + 8000,
        "{bytes} bytes of parameters, {weights} in the file"
    );
    assert_eq!(json["family"], "marian");
    assert_eq!(json["weights"]["missing"], serde_json::json!([]));
    let unknown = folder.fails(&["inspect", "no-such-model"]);
    assert!(unknown.contains("no-such-model is neither a preset nor a directory"), "{unknown}");
}

#[test]
fn inspect_shows_loaded_and_missing_tensors_of_a_transformers_directory() {
    let folder = Folder::with_toy_corpus();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let from = fixtures.join("bert-classifier-tiny");
    let table = folder.ok(&["inspect", from.to_str().unwrap()]);
    for part in ["family        bert, sequence classifier", "41 in F32", "loaded        41"] {
        assert!(table.contains(part), "{part} is not in {table}");
    }
    // For a model of a different size, the weights have the wrong shapes.
    fs::create_dir(folder.path("other")).unwrap();
    let config = fs::read_to_string(from.join("config.json")).unwrap();
    let config = config.replace("\"intermediate_size\": 24", "\"intermediate_size\": 25");
    folder.write("other/config.json", config);
    fs::copy(from.join("model.safetensors"), folder.path("other/model.safetensors")).unwrap();
    let table = folder.ok(&["inspect", "other"]);
    let wrong = "wrong         bert.encoder.layer.1.intermediate.dense.weight has shape [24, 16]";
    assert!(table.contains(wrong), "{table}");
}
