//! Truncation, and options of `tokenizer_config.json`, as in transformers (`fixtures/export_truncation.py`).

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_tokenize::{TokenizeError, Tokenizer, TruncatedEncoding};
use proptest::prelude::*;
use serde_json::{Value, json};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn reference() -> Value {
    serde_json::from_slice(&fs::read(fixtures().join("truncation.json")).unwrap()).unwrap()
}

fn directory(name: &str) -> PathBuf {
    fixtures().join("directories").join(name)
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

/// A copy of a directory with these keys in its `tokenizer_config.json`.
fn with_keys(name: &str, keys: &Value) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(directory(name)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let path = copy.path().join("tokenizer_config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    fs::write(path, config.to_string()).unwrap();
    copy
}

#[test]
fn truncation_matches_transformers() {
    let reference = reference();
    let text = reference["text"].as_str().unwrap();
    for case in reference["truncated"].as_array().unwrap() {
        let (name, side) = (case["name"].as_str().unwrap(), &case["side"]);
        let dir = with_keys(name, &json!({ "truncation_side": side }));
        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let max_len = case["max_len"].as_u64().unwrap() as usize;
        let full_len = tokenizer.encode_with_special(text).unwrap().len();
        let found = tokenizer.encode_truncated(text, max_len).unwrap();
        assert_eq!(found.ids, ids(&case["ids"]), "{name}, {side}, {max_len}");
        assert_eq!(found.truncated, max_len < full_len, "{name}, {side}, {max_len}");
        let batch = tokenizer.encode_batch_truncated(&[text, "a"], max_len).unwrap();
        assert_eq!(batch[0], found);
    }
}

#[test]
fn tokenizer_config_overrides_tokenizer_json_as_in_transformers() {
    let reference = reference();
    for case in reference["configured"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let json = Tokenizer::from_dir(&directory(name)).unwrap().to_json().unwrap();
        let mut json: Value = serde_json::from_str(&json).unwrap();
        let part = if name == "bert" { "normalizer" } else { "pre_tokenizer" };
        json[part] = case["tokenizer_json"].clone();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tokenizer.json"), json.to_string()).unwrap();
        fs::write(dir.path().join("tokenizer_config.json"), case["config"].to_string()).unwrap();
        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let texts = reference["texts"].as_array().unwrap().iter();
        for (text, expected) in texts.zip(case["ids"].as_array().unwrap()) {
            let text = text.as_str().unwrap();
            let found = tokenizer.encode_with_special(text).unwrap();
            assert_eq!(found, ids(expected), "{text}: {case}");
        }
    }
}

#[test]
fn truncated_sources_and_targets_keep_eos_and_language_code() {
    let mbart = Tokenizer::from_dir(&directory("mbart")).unwrap();
    let mbart = mbart.with_languages(Some("en_XX"), Some("de_DE")).unwrap();
    let text = "Hello world, the cat sat on the mat";
    let [source, target] = [mbart.encode_with_special(text), mbart.encode_target(text)];
    for (full, truncated) in [
        (source.unwrap(), mbart.encode_truncated(text, 6).unwrap()),
        (target.unwrap(), mbart.encode_target_truncated(text, 6).unwrap()),
    ] {
        assert!(truncated.truncated);
        assert_eq!(truncated.ids, [&full[..4], &full[full.len() - 2..]].concat());
    }
}

#[test]
fn a_limit_below_the_number_of_special_tokens_is_an_error() {
    let tokenizer = Tokenizer::from_dir(&directory("bert")).unwrap();
    let expected = TruncatedEncoding { ids: vec![2, 3], truncated: true };
    assert_eq!(tokenizer.encode_truncated("the cat", 2).unwrap(), expected);
    let error = tokenizer.encode_truncated("the cat", 1).unwrap_err();
    assert!(matches!(error, TokenizeError::NoRoom { max_len: 1, special: 2 }), "{error}");
}

#[test]
fn model_max_length_is_read_and_saved_and_a_very_large_one_is_none() {
    let limit = |keys: Value| {
        let dir = with_keys("bert", &keys);
        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let saved = tempfile::tempdir().unwrap();
        tokenizer.save(saved.path()).unwrap();
        let again = Tokenizer::from_dir(saved.path()).unwrap();
        assert_eq!(again.model_max_length(), tokenizer.model_max_length());
        let long = "the cat sat on the mat";
        let truncate = |tokenizer: &Tokenizer| tokenizer.encode_truncated(long, 5).unwrap();
        assert_eq!(truncate(&again), truncate(&tokenizer));
        tokenizer.model_max_length()
    };
    assert_eq!(limit(json!({ "model_max_length": 512, "truncation_side": "left" })), Some(512));
    assert_eq!(limit(json!({ "max_len": 256 })), Some(256));
    assert_eq!(limit(json!({ "model_max_length": 128, "max_len": 256 })), Some(128));
    for none in [json!(null), json!(1e30), json!(1_000_000_000_000_000_u64)] {
        assert_eq!(limit(json!({ "model_max_length": none })), None);
    }
}

#[test]
fn lowercasing_keeps_special_tokens() {
    let keys = json!({ "do_lower_case": false });
    let tokenizer = Tokenizer::from_dir(with_keys("bert", &keys).path()).unwrap();
    let lowercase = tokenizer.clone().with_lowercase().unwrap();
    for text in ["The CAT [MASK] sat", "É [SEP] X"] {
        let mixed = text.to_lowercase().replace("[mask]", "[MASK]").replace("[sep]", "[SEP]");
        let expected = tokenizer.encode_with_special(&mixed).unwrap();
        assert_eq!(lowercase.encode_with_special(text).unwrap(), expected);
        assert_ne!(tokenizer.encode_with_special(text).unwrap(), expected);
    }
    // With SentencePiece's normalizer.
    let t5 = Tokenizer::from_dir(&directory("t5")).unwrap();
    let expected = t5.encode_with_special("hello world").unwrap();
    assert_eq!(t5.with_lowercase().unwrap().encode_with_special("Hello WORLD").unwrap(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn affixes_are_the_special_tokens_of_encode_with_special(text in "[a-z ]{0,20}") {
        for name in ["bert", "roberta", "gpt2", "llama", "t5", "mbart50"] {
            let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
            let around = tokenizer.affixes().unwrap().around(tokenizer.encode(&text).unwrap());
            prop_assert_eq!(around, tokenizer.encode_with_special(&text).unwrap(), "{}", name);
        }
    }
}
