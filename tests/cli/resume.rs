//! A run that is stopped and goes on.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Folder, assert_names};

/// Long enough to be interrupted.
const STEPS: &str = "train.steps=60";

#[test]
fn a_run_stopped_by_sigterm_and_resumed_ends_with_the_same_bits() {
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
    assert!(child.wait().unwrap().success(), "a stopped run ends without error");
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

#[test]
fn a_run_is_not_overwritten_and_not_resumed_with_another_recipe() {
    let folder = Folder::with_toy_corpus();
    assert_names(
        &folder.fails(&["train", "tiny.toml", "--out", "run", "--resume"]),
        &["run", "no run to resume"],
    );
    folder.train("run", &[]);
    assert_names(&folder.fails(&["train", "tiny.toml", "--out", "run"]), &["run", "--resume"]);
    let other =
        folder.fails(&["train", "tiny.toml", "--out", "run", "--resume", "--set", "train.seed=2"]);
    assert_names(&other, &["recipe.toml", "differs"]);
}

#[test]
fn a_damaged_checkpoint_is_named() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &[]);
    let path = folder.path("run").join("checkpoints/12/optimizer.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let message = folder.fails(&[
        "train",
        "tiny.toml",
        "--out",
        "run",
        "--resume",
        "--set",
        "train.steps=20",
    ]);
    assert_names(&message, &["optimizer.safetensors", "damaged"]);
}
