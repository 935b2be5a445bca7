//! Files and ids equal those of Hugging Face's Python packages (`fixtures/export.py`).

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_tokenize::{BpeConfig, Tokenizer, WordPieceConfig};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

fn trained() -> Tokenizer {
    Tokenizer::train_bpe(read(&fixture("training.txt")).lines(), &BpeConfig::new(600)).unwrap()
}

struct Sentence {
    text: String,
    ids: Vec<u32>,
    decoded: String,
}

fn sentences() -> Vec<Sentence> {
    let encoded = json(&fixture("encoded.json"));
    let sentence = |entry: &Value| Sentence {
        text: entry["text"].as_str().unwrap().to_owned(),
        ids: entry["ids"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_u64().unwrap() as u32)
            .collect(),
        decoded: entry["decoded"].as_str().unwrap().to_owned(),
    };
    encoded.as_array().unwrap().iter().map(sentence).collect()
}

#[test]
fn bpe_training_matches_python() {
    let trained: Value = serde_json::from_str(&trained().to_json().unwrap()).unwrap();
    assert_eq!(trained, json(&fixture("tokenizer.json")));
}

#[test]
fn saved_files_equal_those_that_transformers_loaded_for_the_reference() {
    let dir = tempfile::tempdir().unwrap();
    trained().save(dir.path()).unwrap();
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        assert_eq!(json(&dir.path().join(name)), json(&fixture(name)), "{name}");
    }
}

#[test]
fn ids_and_decoded_texts_match_transformers() {
    let dir = tempfile::tempdir().unwrap();
    trained().save(dir.path()).unwrap();
    for tokenizer in [
        trained(),
        Tokenizer::from_dir(dir.path()).unwrap(),
        Tokenizer::from_dir(&fixture("")).unwrap(),
    ] {
        for Sentence { text, ids, decoded } in sentences() {
            assert_eq!(tokenizer.encode_with_special(&text).unwrap(), ids, "{text}");
            assert_eq!(tokenizer.decode(&ids).unwrap(), decoded, "{text}");
        }
    }
}

#[test]
fn byte_level_training_matches_python() {
    let training = read(&fixture("training.txt"));
    let trained = Tokenizer::train_byte_level_bpe(training.lines(), &BpeConfig::new(600))
        .unwrap()
        .to_json()
        .unwrap();
    let trained: Value = serde_json::from_str(&trained).unwrap();
    assert_eq!(trained, json(&fixture("byte-level.json")));
}

#[test]
fn word_piece_training_matches_python() {
    let training = read(&fixture("training.txt"));
    for (name, lowercase) in [("word-piece.json", true), ("word-piece-cased.json", false)] {
        let config = WordPieceConfig::new(600).with_lowercase(lowercase);
        let trained = Tokenizer::train_word_piece(training.lines(), &config).unwrap();
        let vocabulary: Vec<String> =
            (0..trained.vocab_size() as u32).map(|id| trained.id_to_token(id).unwrap()).collect();
        assert_eq!(Value::from(vocabulary), json(&fixture(name)), "{name}");
    }
}
