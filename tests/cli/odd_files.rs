//! Irregular files in model directories: those that can still be loaded, and the errors for the others.

use std::fs;

use serde_json::{Map, Value, json};

use crate::harness::{Folder, assert_names};

const LFS_POINTER: &str = "version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
";

/// A folder with the files of a fixture in `model`.
fn folder(fixture: &str, files: &[&str]) -> Folder {
    let folder = Folder::with_toy_corpus();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures");
    fs::create_dir_all(folder.path("model/1_Pooling")).unwrap();
    for file in files {
        let bytes = fs::read(format!("{fixtures}/{fixture}/{file}")).unwrap();
        folder.write(&format!("model/{file}"), bytes);
    }
    folder
}

fn classifier() -> Folder {
    folder("bert-classifier-tiny", &["config.json", "model.safetensors"])
}

fn sentences() -> Folder {
    let files = [
        "config.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "1_Pooling/config.json",
    ];
    folder("sentences-tiny", &files)
}

/// Changes the keys of the model's configuration.
fn set(folder: &Folder, keys: &[(&str, Value)]) {
    let path = folder.path("model/config.json");
    let mut config: Map<String, Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config.extend(keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    folder.write("model/config.json", Value::Object(config).to_string());
}

/// Renames the model's tensors.
fn rename(folder: &Folder, name: impl Fn(&str) -> String) {
    let bytes = fs::read(folder.path("model/model.safetensors")).unwrap();
    let (len, rest) = bytes.split_first_chunk().unwrap();
    let (header, values) = rest.split_at(u64::from_le_bytes(*len) as usize);
    let header: Map<String, Value> = serde_json::from_slice(header).unwrap();
    let named = |old: &str| if old == "__metadata__" { old.to_owned() } else { name(old) };
    let header: Map<String, Value> =
        header.into_iter().map(|(old, entry)| (named(&old), entry)).collect();
    let header = Value::Object(header).to_string().into_bytes();
    let len = (header.len() as u64).to_le_bytes();
    folder.write("model/model.safetensors", [&len[..], &header, values].concat());
}

fn inspect(folder: &Folder) -> Value {
    serde_json::from_str(&folder.ok(&["inspect", "model", "--json"])).unwrap()
}

#[test]
fn a_git_lfs_pointer_is_recognized_in_place_of_any_file() {
    let embed = ["embed", "--model", "model", "Hello"];
    for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        let folder = sentences();
        folder.write(&format!("model/{file}"), LFS_POINTER);
        assert_names(&folder.fails(&embed), &[file, "is a Git LFS pointer", "git lfs pull"]);
        folder.write(&format!("model/{file}"), "<!DOCTYPE html>\n<html><body>404</body></html>");
        assert_names(&folder.fails(&embed), &[file, "is a web page"]);
        folder.write(&format!("model/{file}"), "");
        assert_names(&folder.fails(&embed), &[file, "is empty"]);
    }
    let folder = classifier();
    folder.write("model/model.safetensors", LFS_POINTER);
    assert_names(&folder.fails(&["inspect", "model"]), &["model.safetensors", "git lfs pull"]);
    folder.write("toy.tsv", LFS_POINTER);
    let train = ["train", "tiny.toml", "--out", "run"];
    assert_names(&folder.fails(&train), &["toy.tsv", "git lfs pull"]);
}

#[test]
fn tensor_names_of_training_tools_load() {
    let folder = classifier();
    let expected = inspect(&folder);
    for before in ["_orig_mod.", "module.", "module._orig_mod.", "model."] {
        let folder = classifier();
        rename(&folder, |name| format!("{before}{name}"));
        let found = inspect(&folder);
        assert_eq!(found["weights"]["loaded"], expected["weights"]["loaded"], "{before}");
        assert_eq!(found["weights"]["missing"], json!([]), "{before}");
        assert_eq!(found["weights"]["without_place"], json!([]), "{before}");
    }
}

#[test]
fn the_error_for_a_missing_tensor_names_similar_ones() {
    let folder = sentences();
    rename(&folder, |name| name.replace("LayerNorm.weight", "layer_norm.weight"));
    let message = folder.fails(&["embed", "--model", "model", "Hello"]);
    assert_names(&message, &["LayerNorm.weight", "is missing", "similar", "layer_norm.weight"]);
}

#[test]
fn keys_accepted_by_transformers_load() {
    let folder = classifier();
    let keys = [
        ("hidden_size", json!(16.0)),
        ("vocab_size", json!(40.0)),
        ("hidden_dropout_prob", json!(0)),
        ("attention_probs_dropout_prob", json!(null)),
        ("is_decoder", json!(null)),
        ("tie_word_embeddings", json!(null)),
        ("position_embedding_type", json!(null)),
        ("id2label", json!({"2": 3, "0": "negative", "1": 2.5})),
    ];
    set(&folder, &keys);
    assert_eq!(inspect(&folder)["weights"]["missing"], json!([]));
    set(&folder, &[("id2label", json!(null)), ("num_labels", json!(3))]);
    assert_eq!(inspect(&folder)["weights"]["wrong"], json!({}));
}

#[test]
fn the_error_for_an_invalid_key_names_expected_and_actual_value() {
    for (key, value, parts) in [
        (
            "hidden_size",
            json!("16"),
            &["hidden_size", "a non-negative integer", "found `\"16\"`"][..],
        ),
        ("hidden_size", json!(16.5), &["hidden_size", "a non-negative integer", "found `16.5`"]),
        ("hidden_size", json!(null), &["hidden_size", "null"]),
        ("hidden_act", json!(3), &["hidden_act", "a string", "found `3`"]),
        ("is_decoder", json!("no"), &["is_decoder", "true or false", "found `\"no\"`"]),
        ("id2label", json!(["a"]), &["id2label", "an object", "found `[\"a\"]`"]),
        ("num_attention_heads", json!([4]), &["num_attention_heads", "found `[4]`"]),
    ] {
        let folder = classifier();
        set(&folder, &[(key, value)]);
        let message = folder.fails(&["inspect", "model"]);
        assert_names(&message, &["model/config.json: "]);
        assert_names(&message, parts);
    }
}
