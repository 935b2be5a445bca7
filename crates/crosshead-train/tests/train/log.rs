//! The log of a run that goes on.

use std::fs;

use crosshead_train::RunLog;
use serde_json::{Value, json};

fn steps(path: &std::path::Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap();
    let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.map(|entry| entry["step"].as_u64().unwrap()).collect()
}

#[test]
fn a_resumed_log_goes_on_after_its_step_as_if_the_run_had_never_stopped() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("log.jsonl");
    let mut log = RunLog::open(&path, 0).unwrap();
    for step in 1..=5 {
        log.write(&json!({ "step": step, "loss": 0.5 })).unwrap();
    }
    drop(log);
    let mut log = RunLog::open(&path, 3).unwrap();
    assert_eq!(steps(&path), [1, 2, 3]);
    log.write(&json!({ "step": 4 })).unwrap();
    assert_eq!(steps(&path), [1, 2, 3, 4]);
}

#[test]
fn what_a_crash_cut_off_is_dropped() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("log.jsonl");
    for rest in [&b"{\"step\": 2, \"lo"[..], b"\xc3", b"no JSON\n", b"{\"loss\": 1.0}\n"] {
        fs::write(&path, [b"{\"step\": 1}\n", rest].concat()).unwrap();
        let mut log = RunLog::open(&path, 9).unwrap();
        log.write(&json!({ "step": 2 })).unwrap();
        assert_eq!(steps(&path), [1, 2]);
    }
}

#[test]
fn a_log_that_cannot_be_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    let error = RunLog::open(&root.path().join("missing/log.jsonl"), 0).unwrap_err().to_string();
    assert!(error.contains("missing") && error.contains("log.jsonl"), "{error}");
}
