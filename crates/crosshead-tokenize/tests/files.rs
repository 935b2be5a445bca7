//! Files that come from elsewhere, and files that are broken.

use std::fs;
use std::path::Path;

use crosshead_tokenize::{TokenizeError, Tokenizer};
use tempfile::TempDir;

const TOKENIZER: &str = include_str!("../fixtures/tokenizer.json");

/// A model directory with these files.
fn dir(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        fs::write(dir.path().join(name), contents).unwrap();
    }
    dir
}

fn error_of(files: &[(&str, &str)]) -> TokenizeError {
    Tokenizer::from_dir(dir(files).path()).unwrap_err()
}

#[test]
fn a_saved_tokenizer_loads_as_it_was() {
    let original = dir(&[("tokenizer.json", TOKENIZER)]);
    let tokenizer = Tokenizer::from_dir(original.path()).unwrap();
    let copy = original.path().join("new/copy");
    tokenizer.save(&copy).unwrap();
    let copy = Tokenizer::from_dir(&copy).unwrap();
    assert_eq!(copy.to_json(), tokenizer.to_json());
    assert_eq!(copy.special(), tokenizer.special());
}

#[test]
fn special_tokens_are_those_that_the_config_names() {
    let config = r#"{"eos_token": {"content": "e", "lstrip": false}, "pad_token": "a", "bos_token": "i", "unk_token": null, "other": [1]}"#;
    let dir = dir(&[("tokenizer.json", TOKENIZER), ("tokenizer_config.json", config)]);
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let id = |token| tokenizer.token_to_id(token);
    let special = tokenizer.special();
    assert_eq!((Some(special.eos), Some(special.pad), special.bos), (id("e"), id("a"), id("i")));
    assert_eq!(special.unk, id("<unk>"));
}

#[test]
fn special_tokens_in_a_text_are_tokens_where_the_config_does_not_split_them() {
    let dir = dir(&[("tokenizer.json", TOKENIZER), ("tokenizer_config.json", "{}")]);
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    assert_eq!(tokenizer.encode("</s>").unwrap(), [0]);
}

#[test]
fn padding_and_truncation_in_the_file_are_not_applied() {
    let truncation = r#""truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}"#;
    let padding = r#""padding": {"strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 599, "pad_type_id": 0, "pad_token": "<pad>"}"#;
    let with_both = TOKENIZER
        .replace(r#""truncation": null"#, truncation)
        .replace(r#""padding": null"#, padding);
    assert_ne!(with_both, TOKENIZER);
    let [plain, with_both] = [TOKENIZER, &with_both].map(|json| {
        let dir = dir(&[("tokenizer.json", json)]);
        Tokenizer::from_dir(dir.path()).unwrap().encode_batch(&["Der Sensor", "a"]).unwrap()
    });
    assert_eq!(plain, with_both);
}

#[test]
fn a_missing_file_is_named() {
    let error = Tokenizer::from_file(Path::new("no/such/tokenizer.json")).unwrap_err();
    assert!(matches!(error, TokenizeError::Read { .. }));
    assert!(error.to_string().contains("no/such/tokenizer.json"), "{error}");
    assert!(matches!(error_of(&[]), TokenizeError::Read { .. }));
}

#[test]
fn a_directory_in_place_of_a_file_is_explained() {
    let dir = dir(&[("tokenizer.json", TOKENIZER)]);
    let error = Tokenizer::from_file(dir.path()).unwrap_err();
    assert!(matches!(error, TokenizeError::IsDirectory { .. }), "{error}");
    assert!(error.to_string().contains("from_dir"));
}

#[test]
fn truncated_json_is_told_from_foreign_json() {
    for end in (0..TOKENIZER.len() - 2).step_by(997) {
        let part = String::from_utf8_lossy(&TOKENIZER.as_bytes()[..end]).into_owned();
        let error = error_of(&[("tokenizer.json", &part)]);
        assert!(matches!(error, TokenizeError::InvalidJson { .. }), "{end}: {error}");
    }
    for foreign in [
        "{}",
        "[1, 2]",
        "null",
        r#"{"model_type": "marian"}"#,
        r#"{"version": "1.0", "model": {"type": "?"}}"#,
    ] {
        let error = error_of(&[("tokenizer.json", foreign)]);
        assert!(matches!(error, TokenizeError::ForeignJson { .. }), "{foreign}: {error}");
    }
}

#[test]
fn a_broken_config_is_named() {
    let error = error_of(&[
        ("tokenizer.json", TOKENIZER),
        ("tokenizer_config.json", r#"{"eos_token": 3}"#),
    ]);
    assert!(matches!(error, TokenizeError::ForeignJson { .. }), "{error}");
    assert!(error.to_string().contains("tokenizer_config.json"));
}

#[test]
fn a_tokenizer_without_padding_or_end_says_what_to_add() {
    let missing = |config| match error_of(&[
        ("tokenizer.json", TOKENIZER),
        ("tokenizer_config.json", config),
    ]) {
        TokenizeError::MissingSpecialToken { key, token, .. } => (key, token),
        error => panic!("{error}"),
    };
    assert_eq!(missing(r#"{"pad_token": "[PAD]"}"#), ("pad_token", "[PAD]".to_owned()));
    assert_eq!(missing(r#"{"eos_token": "[SEP]"}"#), ("eos_token", "[SEP]".to_owned()));
    let without_pad = TOKENIZER.replace("<pad>", "[fill]");
    let error = error_of(&[("tokenizer.json", &without_pad)]);
    assert!(error.to_string().contains("`<pad>`"), "{error}");
    assert!(error.to_string().contains("`pad_token`"), "{error}");
}

#[test]
fn saving_below_a_file_is_an_error() {
    let dir = dir(&[("tokenizer.json", TOKENIZER)]);
    let file = dir.path().join("tokenizer.json");
    let error = Tokenizer::from_file(&file).unwrap().save(&file).unwrap_err();
    assert!(matches!(error, TokenizeError::Write { .. }), "{error}");
}
