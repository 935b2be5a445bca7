//! Data and values that do not fit together.

use std::fs;

use super::{first_validation, folder, recipe};
use crate::{RunError, TaskKind};

fn error(task: &str, sets: &[&str]) -> RunError {
    let folder = folder();
    first_validation(&folder, &recipe(&folder, task, sets).unwrap()).unwrap_err()
}

#[test]
fn a_file_that_is_too_short_is_reported() {
    for task in ["language-model", "masked-lm"] {
        match error(task, &["data.context=500", "model.max_len=512"]) {
            RunError::DataFile { file, reason } => {
                assert!(file.ends_with("text.txt"), "{file}");
                assert!(reason.contains("data.context (500)"), "{reason}");
            }
            error => panic!("{task}: {error}"),
        }
    }
}

#[test]
fn embedded_data_is_an_error_without_assets() {
    for task in TaskKind::ALL {
        match error(task.name(), &["data.valid=embedded:x.txt"]) {
            RunError::DataFile { file, reason } => {
                assert_eq!(file, "embedded:x.txt");
                assert!(reason.contains("no such embedded data"), "{reason}");
            }
            error => panic!("{task}: {error}"),
        }
    }
}

#[test]
fn a_length_without_positions_is_an_error() {
    let cases = [
        ("classify", "data.max_len"),
        ("language-model", "data.context"),
        ("masked-lm", "data.context"),
    ];
    for (task, name) in cases {
        match error(task, &["model.max_len=6", &format!("{name}=7")]) {
            RunError::Key { key, reason } => {
                assert_eq!(key, name, "{task}");
                assert!(reason.contains("at most 6"), "{reason}");
            }
            error => panic!("{task}: {error}"),
        }
    }
}

#[test]
fn each_label_has_a_name() {
    match error("classify", &["data.names=[\"one\"]"]) {
        RunError::Key { key, reason } => {
            assert_eq!(key, "data.names");
            assert!(reason.contains("1 names for the 2 labels"), "{reason}");
        }
        error => panic!("{error}"),
    }
}

#[test]
fn languages_need_a_pretrained_model_that_has_them() {
    let folder = folder();
    let message = recipe(&folder, "translate", &["data.target_lang=de"]).unwrap_err().to_string();
    assert!(message.starts_with("recipe test: data.target_lang: "), "{message}");
}

#[test]
fn long_pairs_are_dropped_in_translation_and_truncated_in_summarization() {
    let folder = folder();
    let long = "a film ".repeat(30);
    fs::write(folder.path().join("pairs.tsv"), format!("a film\tein film\n{long}\t{long}\n"))
        .unwrap();
    // The loss changes if one of the two validation pairs is dropped.
    let loss = |task: &str, sets: &[&str]| {
        let recipe = recipe(&folder, task, sets).unwrap();
        let found = first_validation(&folder, &recipe).unwrap();
        fs::remove_dir_all(folder.path().join("run")).unwrap();
        found[0].value
    };
    let dropped = loss("translate", &["data.max_len=10"]);
    let truncated = loss("translate", &["data.max_len=10", "data.long=truncate"]);
    assert_ne!(dropped, truncated);
    assert_eq!(loss("summarize", &["data.max_len=10"]), truncated);
    assert_eq!(loss("summarize", &["data.max_len=10", "data.long=drop"]), dropped);
}
