//! Tokenizer files from other sources, and malformed ones.

use std::fs;
use std::path::Path;

use crosshead_tokenize::{SpecialIds, SpecialRole, TokenizeError, Tokenizer};
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
fn a_saved_tokenizer_loads_unchanged() {
    let original = dir(&[("tokenizer.json", TOKENIZER)]);
    let tokenizer = Tokenizer::from_dir(original.path()).unwrap();
    let copy = original.path().join("new/copy");
    tokenizer.save(&copy).unwrap();
    let copy = Tokenizer::from_dir(&copy).unwrap();
    assert_eq!(copy.to_json().unwrap(), tokenizer.to_json().unwrap());
    assert_eq!(copy.special(), tokenizer.special());
}

#[test]
fn the_config_names_the_special_tokens() {
    let config = r#"{"eos_token": {"content": "e", "lstrip": false}, "pad_token": "a", "bos_token": "i", "unk_token": null, "other": [1]}"#;
    let dir = dir(&[("tokenizer.json", TOKENIZER), ("tokenizer_config.json", config)]);
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let id = |token| tokenizer.token_to_id(token);
    let special = tokenizer.special();
    assert_eq!((special.eos, special.pad, special.bos), (id("e"), id("a"), id("i")));
    assert_eq!(special.unk, None); // `null` means that there is none
}

#[test]
fn special_tokens_in_a_text_are_tokens_unless_the_config_splits_them() {
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
        Tokenizer::from_dir(dir.path())
            .unwrap()
            .encode_batch_with_special(&["Der Sensor", "a"])
            .unwrap()
    });
    assert_eq!(plain, with_both);
}

#[test]
fn a_missing_file_is_reported() {
    let error = Tokenizer::from_file(Path::new("no/such/tokenizer.json")).unwrap_err();
    assert!(matches!(error, TokenizeError::Read { .. }));
    assert!(error.to_string().contains("no/such/tokenizer.json"), "{error}");
    assert!(matches!(error_of(&[]), TokenizeError::NoTokenizer { .. }));
}

#[test]
fn a_directory_instead_of_a_file_is_an_error() {
    let dir = dir(&[("tokenizer.json", TOKENIZER)]);
    let error = Tokenizer::from_file(dir.path()).unwrap_err();
    assert!(matches!(error, TokenizeError::IsDirectory { .. }), "{error}");
    assert!(error.to_string().contains("from_dir"));
}

#[test]
fn truncated_and_unrecognized_json_are_different_errors() {
    for end in (1..TOKENIZER.len() - 2).step_by(997) {
        let part = String::from_utf8_lossy(&TOKENIZER.as_bytes()[..end]).into_owned();
        let error = error_of(&[("tokenizer.json", &part)]);
        assert!(matches!(error, TokenizeError::InvalidJson { .. }), "{end}: {error}");
    }
    for unrecognized in [
        "{}",
        "[1, 2]",
        "null",
        r#"{"model_type": "marian"}"#,
        r#"{"version": "1.0", "model": {"type": "?"}}"#,
    ] {
        let error = error_of(&[("tokenizer.json", unrecognized)]);
        assert!(matches!(error, TokenizeError::UnrecognizedJson { .. }), "{unrecognized}: {error}");
    }
}

#[test]
fn a_malformed_config_is_reported() {
    let error = error_of(&[
        ("tokenizer.json", TOKENIZER),
        ("tokenizer_config.json", r#"{"eos_token": 3}"#),
    ]);
    assert!(matches!(error, TokenizeError::UnrecognizedJson { .. }), "{error}");
    assert!(error.to_string().contains("tokenizer_config.json"));
}

#[test]
fn roles_missing_in_the_config_are_read_from_the_special_tokens_map() {
    let map = r#"{"pad_token": {"content": "a"}, "eos_token": "b", "cls_token": "e"}"#;
    let config = r#"{"eos_token": "i", "cls_token": null}"#;
    let dir = dir(&[
        ("tokenizer.json", TOKENIZER),
        ("tokenizer_config.json", config),
        ("special_tokens_map.json", map),
    ]);
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let (id, special) = (|token| tokenizer.token_to_id(token), tokenizer.special());
    assert_eq!((special.pad, special.eos, special.cls), (id("a"), id("i"), None));
}

#[test]
fn usual_names_are_special_tokens_unless_the_class_has_no_defaults() {
    let special_of = |config| {
        let dir = dir(&[("tokenizer.json", TOKENIZER), ("tokenizer_config.json", config)]);
        Tokenizer::from_dir(dir.path()).unwrap().special()
    };
    let (eos, unk, pad) = (Some(0), Some(1), Some(599));
    let usual = SpecialIds { eos, unk, pad, ..SpecialIds::default() };
    assert_eq!(special_of("{}"), usual);
    assert_eq!(special_of(r#"{"tokenizer_class": "MarianTokenizer"}"#), usual);
    let fast = r#"{"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"}"#;
    assert_eq!(special_of(fast), SpecialIds { eos, ..SpecialIds::default() });
}

#[test]
fn a_named_token_outside_the_vocabulary_gets_the_next_id() {
    let config = r#"{"pad_token": "[fill]", "mask_token": "[hide]"}"#;
    let dir = dir(&[("tokenizer.json", TOKENIZER), ("tokenizer_config.json", config)]);
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    assert_eq!((tokenizer.special().pad, tokenizer.special().mask), (Some(600), Some(601)));
    assert_eq!(tokenizer.vocab_size(), 602);
    assert_eq!(tokenizer.encode("[fill]").unwrap(), [600]);
}

#[test]
fn a_missing_special_token_names_the_key_to_set() {
    let dir = dir(&[("tokenizer.json", &TOKENIZER.replace("<pad>", "[fill]"))]);
    let special = Tokenizer::from_dir(dir.path()).unwrap().special();
    assert_eq!(special.require(SpecialRole::Eos).unwrap(), 0);
    let error = special.require(SpecialRole::Pad).unwrap_err().to_string();
    assert!(error.contains("no padding token") && error.contains("`pad_token`"), "{error}");
}

#[test]
fn saving_below_a_file_is_an_error() {
    let dir = dir(&[("tokenizer.json", TOKENIZER)]);
    let file = dir.path().join("tokenizer.json");
    let error = Tokenizer::from_file(&file).unwrap().save(&file).unwrap_err();
    assert!(matches!(error, TokenizeError::Write { .. }), "{error}");
}
