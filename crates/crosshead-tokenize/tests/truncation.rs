//! What is left of a text that is too long, and what `tokenizer_config.json` decides about texts, as in transformers;
//! `fixtures/export_truncation.py` made the reference.

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_tokenize::{TokenizeError, Tokenizer};
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
fn a_long_text_loses_the_tokens_that_it_loses_in_transformers_and_keeps_its_special_tokens() {
    let reference = reference();
    let text = reference["text"].as_str().unwrap();
    for case in reference["truncated"].as_array().unwrap() {
        let (name, side) = (case["name"].as_str().unwrap(), &case["side"]);
        let dir = with_keys(name, &json!({ "truncation_side": side }));
        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let max_len = case["max_len"].as_u64().unwrap() as usize;
        let whole = tokenizer.encode_with_special(text).unwrap().len();
        let (found, truncated) = tokenizer.encode_truncated(text, max_len).unwrap();
        assert_eq!(found, ids(&case["ids"]), "{name}, {side}, {max_len}");
        assert_eq!(truncated, max_len < whole, "{name}, {side}, {max_len}");
        let batch = tokenizer.encode_batch_truncated(&[text, "a"], max_len).unwrap();
        assert_eq!(batch[0], (found, truncated));
    }
}

#[test]
fn tokenizer_config_decides_over_tokenizer_json_as_in_transformers() {
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
fn texts_of_both_sides_keep_the_end_token_and_the_code_of_their_language() {
    let mbart = Tokenizer::from_dir(&directory("mbart")).unwrap();
    let mbart = mbart.with_languages(Some("en_XX"), Some("de_DE")).unwrap();
    let text = "Hello world, the cat sat on the mat";
    let [source, target] = [mbart.encode_with_special(text), mbart.encode_target(text)];
    for (whole, cut) in [
        (source.unwrap(), mbart.encode_truncated(text, 6).unwrap()),
        (target.unwrap(), mbart.encode_target_truncated(text, 6).unwrap()),
    ] {
        assert_eq!(cut, ([&whole[..4], &whole[whole.len() - 2..]].concat(), true));
    }
}

#[test]
fn a_limit_without_room_for_the_special_tokens_is_told() {
    let tokenizer = Tokenizer::from_dir(&directory("bert")).unwrap();
    assert_eq!(tokenizer.encode_truncated("the cat", 2).unwrap(), (vec![2, 3], true));
    let error = tokenizer.encode_truncated("the cat", 1).unwrap_err();
    assert!(matches!(error, TokenizeError::NoRoom { max_len: 1, special: 2 }), "{error}");
}

#[test]
fn the_limit_of_a_tokenizer_is_read_and_saved_and_the_huge_one_is_none() {
    let limit = |keys: Value| {
        let dir = with_keys("bert", &keys);
        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let saved = tempfile::tempdir().unwrap();
        tokenizer.save(saved.path()).unwrap();
        let again = Tokenizer::from_dir(saved.path()).unwrap();
        assert_eq!(again.model_max_length(), tokenizer.model_max_length());
        let long = "the cat sat on the mat";
        let cut = |tokenizer: &Tokenizer| tokenizer.encode_truncated(long, 5).unwrap();
        assert_eq!(cut(&again), cut(&tokenizer));
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
fn text_in_lowercase_keeps_its_special_tokens() {
    let keys = json!({ "do_lower_case": false });
    let tokenizer = Tokenizer::from_dir(with_keys("bert", &keys).path()).unwrap();
    let lowercase = tokenizer.clone().with_lowercase();
    for text in ["The CAT [MASK] sat", "É [SEP] X"] {
        let mixed = text.to_lowercase().replace("[mask]", "[MASK]").replace("[sep]", "[SEP]");
        let expected = tokenizer.encode_with_special(&mixed).unwrap();
        assert_eq!(lowercase.encode_with_special(text).unwrap(), expected);
        assert_ne!(tokenizer.encode_with_special(text).unwrap(), expected);
    }
    // SentencePiece's normalization follows.
    let t5 = Tokenizer::from_dir(&directory("t5")).unwrap();
    let expected = t5.encode_with_special("hello world").unwrap();
    assert_eq!(t5.with_lowercase().encode_with_special("Hello WORLD").unwrap(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn special_tokens_around_ids_are_those_around_the_text(text in "[a-z ]{0,20}") {
        for name in ["bert", "roberta", "gpt2", "llama", "t5", "mbart50"] {
            let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
            let around = tokenizer.affixes().unwrap().around(tokenizer.encode(&text).unwrap());
            prop_assert_eq!(around, tokenizer.encode_with_special(&text).unwrap(), "{}", name);
        }
    }
}
