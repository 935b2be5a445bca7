//! The log of a resumed run.

use std::fs;

use crosshead_train::RunLog;
use serde_json::{Value, json};

fn steps(path: &std::path::Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap();
    let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.map(|entry| entry["step"].as_u64().unwrap()).collect()
}

#[test]
fn a_resumed_log_equals_that_of_an_uninterrupted_run() {
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
fn a_line_truncated_by_a_crash_is_removed() {
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
fn an_unwritable_log_is_reported() {
    let root = tempfile::tempdir().unwrap();
    let error = RunLog::open(&root.path().join("missing/log.jsonl"), 0).unwrap_err().to_string();
    assert!(error.contains("missing") && error.contains("log.jsonl"), "{error}");
}
