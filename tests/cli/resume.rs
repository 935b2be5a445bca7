//! Interrupted and resumed runs.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Folder, assert_names, json as read_json};

/// A number of steps that leaves time to interrupt the run.
const STEPS: &str = "train.steps=60";

#[test]
fn a_run_stopped_by_sigterm_and_resumed_has_the_same_bitwise_result() {
    let folder = Folder::with_toy_corpus();
    folder.train("whole", &["--set", STEPS]);

    let args = ["train", "tiny.toml", "--out", "stopped", "--set", STEPS];
    let mut child =
        folder.command(&args).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let log = folder.path("stopped").join("log.jsonl");
    let started = Instant::now();
    while fs::read_to_string(&log).unwrap_or_default().lines().count() < 3 {
        assert!(started.elapsed() < Duration::from_secs(120), "the run wrote no log");
        std::thread::sleep(Duration::from_millis(2));
    }
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success(), "a stopped run must exit without an error");
    assert!(
        !folder.path("stopped").join("checkpoints/60").exists(),
        "the run ended before it was stopped"
    );

    folder.train("stopped", &["--set", STEPS, "--resume"]);
    for name in [
        "checkpoints/60/weights.safetensors",
        "checkpoints/60/optimizer.safetensors",
        "model/model.safetensors",
    ] {
        let read = |run: &str| fs::read(folder.path(run).join(name)).unwrap();
        assert!(read("whole") == read("stopped"), "{name} differs");
    }
    let steps = |run: &str| -> Vec<String> {
        let log = fs::read_to_string(folder.path(run).join("log.jsonl")).unwrap();
        let entries =
            log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        entries
            .map(|entry| format!("{} {} {}", entry["step"], entry["loss"], entry["valid_loss"]))
            .collect()
    };
    assert_eq!(steps("whole"), steps("stopped"));
}

/// The test takes much longer than a batch of it, after which it is stopped.
#[test]
fn a_run_stopped_in_its_final_test_ends_at_once_and_resuming_tests_it() {
    let folder = Folder::with_toy_corpus();
    let corpus = fs::read_to_string(folder.path("toy.tsv")).unwrap();
    folder.write("many.tsv", corpus.repeat(10));
    // A model that has learned nothing writes up to the longest output.
    let keys = ["data.test=many.tsv", "train.steps=2", "model.max_len=24", "data.max_len=24"];
    let run: Vec<&str> = keys.iter().flat_map(|key| ["--set", key]).collect();
    let args = [&["train", "tiny.toml", "--out", "stopped"], &run[..]].concat();
    let mut child =
        folder.command(&args).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let testing = told.find(|line| line.as_ref().unwrap().contains("texts tested"));
    assert!(testing.is_some(), "the run was not tested");
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let rest: Vec<String> = told.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "a stopped run must exit without an error");
    let mut results = String::new();
    child.stdout.take().unwrap().read_to_string(&mut results).unwrap();
    assert_eq!(results, "", "the test was finished");
    let last = rest.last().map(String::as_str).unwrap_or_default();
    assert_names(last, &["stopped; resume with: crosshead train tiny.toml", "--resume"]);

    let resumed = folder.train("stopped", &[&run[..], &["--resume"]].concat());
    assert_names(&resumed, &["test ", "BLEU"]);
}

#[test]
fn a_run_is_not_overwritten_and_not_resumed_with_a_different_recipe() {
    let folder = Folder::with_toy_corpus();
    assert_names(
        &folder.fails(&["train", "tiny.toml", "--out", "run", "--resume"]),
        &["run", "no run to resume"],
    );
    folder.train("run", &[]);
    assert_names(&folder.fails(&["train", "tiny.toml", "--out", "run"]), &["run", "--resume"]);
    let other =
        folder.fails(&["train", "tiny.toml", "--out", "run", "--resume", "--set", "train.seed=2"]);
    assert_names(&other, &["recipe.toml", "differs", "train.seed is 1 in the run and 2 here"]);
    let more = ["--resume", "--set", "model.dropout=0.25", "--set", "data.test=other.tsv"];
    let other = folder.fails(&[&["train", "tiny.toml", "--out", "run"][..], &more].concat());
    let both =
        ["model.dropout is absent in the run and 0.25 here", "data.test is \"toy.tsv\" in the run"];
    assert_names(&other, &both);
    folder.write("run/recipe.toml", "task = \"fly\"");
    let broken = folder.fails(&["train", "tiny.toml", "--out", "run", "--resume"]);
    assert_names(&broken, &["recipe.toml", "fly"]);
}

/// Resumes the tiny run up to step 20 and returns its messages.
fn resume(folder: &Folder, out: &str, more: &[&str]) -> String {
    let args = ["train", "tiny.toml", "--out", out, "--resume", "--set", "train.steps=20"];
    folder.told(&[&args, more].concat())
}

fn checkpoints(folder: &Folder, out: &str) -> Vec<u64> {
    let entries = fs::read_dir(folder.path(out).join("checkpoints")).unwrap();
    let mut steps: Vec<u64> = entries
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    steps.sort_unstable();
    steps
}

fn assert_same_end(folder: &Folder, one: &str, other: &str) {
    for name in ["weights.safetensors", "optimizer.safetensors"] {
        let path = |run: &str| folder.path(run).join("checkpoints/20").join(name);
        let read = |run: &str| fs::read(path(run)).unwrap();
        assert!(read(one) == read(other), "{name} differs");
    }
}

#[test]
fn a_run_with_a_damaged_newest_checkpoint_resumes_from_the_older_one() {
    let folder = Folder::with_toy_corpus();
    folder.train("whole", &["--set", "train.steps=20"]);
    folder.train("cut", &[]);
    assert_eq!(checkpoints(&folder, "cut"), [8, 12]);
    let path = folder.path("cut/checkpoints/12/optimizer.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let told = resume(&folder, "cut", &[]);
    assert_names(&told, &["warning", "optimizer.safetensors", "damaged", "resumed at step 8"]);
    assert_same_end(&folder, "whole", "cut");
    assert_eq!(checkpoints(&folder, "cut"), [16, 20]);
}

#[test]
fn the_error_for_a_run_without_an_intact_checkpoint_names_each() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &["--set", "train.keep=1"]);
    assert_eq!(checkpoints(&folder, "run"), [12]);
    fs::remove_file(folder.path("run/checkpoints/12/weights.safetensors")).unwrap();
    let message = folder.fails(&["train", "tiny.toml", "--out", "run", "--resume"]);
    assert_names(&message, &["12/weights.safetensors", "all checkpoints are damaged", "delete"]);
    fs::remove_dir_all(folder.path("run/checkpoints")).unwrap();
    folder.train("run", &["--resume"]);
    let none = folder.fails(&["train", "tiny.toml", "--out", "x", "--set", "train.keep=0"]);
    assert_names(&none, &["train.keep", "at least 1"]);
}

#[test]
fn a_run_directory_of_an_earlier_release_resumes_bitwise() {
    let folder = Folder::with_toy_corpus();
    folder.train("whole", &["--set", "train.steps=20"]);
    folder.train("old", &["--set", "train.keep=1"]);
    // Earlier releases had fewer keys and did not hash `state.json`.
    let recipe = fs::read_to_string(folder.path("old/recipe.toml")).unwrap();
    let is_new = |line: &&str| line.starts_with("keep = ") || line.starts_with("prefix = ");
    assert_eq!(recipe.lines().filter(is_new).count(), 2, "{recipe}");
    let old: Vec<&str> = recipe.lines().filter(|line| !is_new(line)).collect();
    folder.write("old/recipe.toml", old.join("\n"));
    let path = folder.path("old/checkpoints/12/state.json");
    let mut state = read_json(&path);
    state["sha256"].as_object_mut().unwrap().remove("state.json").unwrap();
    fs::write(&path, state.to_string()).unwrap();
    resume(&folder, "old", &[]);
    assert_same_end(&folder, "whole", "old");
}

#[test]
fn extending_a_run_reports_the_change_of_its_learning_rate() {
    let folder = Folder::with_toy_corpus();
    let cosine = ["--set", "train.schedule=cosine"];
    folder.train("cosine", &cosine);
    let told = resume(&folder, "cosine", &cosine);
    // 1e-4 + 2.9e-3 · (1 + cos(9π / 16)) / 2: step 13 of 20 after a warmup of 4.
    let names = ["warning", "train.steps is 20 and was 12", "step 13", "1.267e-3", "1.000e-4"];
    assert_names(&told, &names);
    folder.train("root", &[]);
    let told = resume(&folder, "root", &[]);
    assert_names(&told, &["step 13 stays"]);
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn the_error_for_a_diverging_run_names_the_keys_to_change() {
    let folder = Folder::with_toy_corpus();
    let sets = ["--set", "train.peak=1e30", "--set", "train.schedule=constant"];
    let message = folder.fails(&[&["train", "tiny.toml", "--out", "run"][..], &sets].concat());
    assert_names(&message, &["step ", "is not finite", "lower train.peak"]);
}
