//! CTranslate2's model directories and Argos packages on the command line (`tests/fixtures/export_ctranslate2.py`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::Folder;
use crate::translators::repository;

fn fixture(name: &str) -> PathBuf {
    repository().join("tests/fixtures/ctranslate2").join(name)
}

/// Copies the files in a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A folder with a copy of a fixture under `model`.
fn with(name: &str) -> Folder {
    let folder = Folder::with_toy_corpus();
    copy(&fixture(name), &folder.path("model"));
    folder
}

fn read(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Lines and their translations by CTranslate2 with the options of Argos Translate.
fn translations(key: &str) -> (Vec<String>, Vec<String>) {
    let pairs = read(fixture("argos/translations.json"))[key].take();
    let pairs: Vec<(String, String)> = serde_json::from_value(pairs).unwrap();
    pairs.into_iter().unzip()
}

#[track_caller]
fn assert_translates(folder: &Folder, (lines, expected): (Vec<String>, Vec<String>)) {
    let mut args = vec!["translate", "--model", "model", "--no-loop-guard"];
    args.extend(lines.iter().map(String::as_str));
    assert_eq!(folder.ok(&args).lines().collect::<Vec<_>>(), expected);
}

/// A tokenizer with words separated by spaces as tokens.
fn add_words(folder: &Folder) {
    let tokens: Vec<String> =
        serde_json::from_value(read(folder.path("model/vocabulary.json"))).unwrap();
    let ids: serde_json::Map<String, Value> =
        tokens.into_iter().enumerate().map(|(id, token)| (token, json!(id))).collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": ids, "unk_token": "<unk>"},
    });
    folder.write("model/tokenizer.json", tokenizer.to_string());
}

#[test]
fn an_argos_package_translates_like_argos_translate() {
    assert_translates(&with("argos"), translations("plain"));
}

#[test]
fn a_converted_model_translates_with_the_tokenizer_of_the_original() {
    let folder = with("translator");
    let directories = repository().join("crates/crosshead-tokenize/fixtures/directories");
    for file in ["source.spm", "target.spm", "vocab.json", "tokenizer_config.json"] {
        fs::copy(directories.join("marian").join(file), folder.path("model").join(file)).unwrap();
    }
    let pairs: Vec<(String, String)> =
        serde_json::from_value(read(fixture("translator/translations.json"))).unwrap();
    let (lines, expected): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
    let mut args = vec!["translate", "--model", "model", "--to", "fra", "--no-loop-guard"];
    args.extend(lines.iter().map(String::as_str));
    assert_eq!(folder.ok(&args).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn add_source_eos_appends_the_end_token() {
    let folder = with("argos");
    let mut config = read(folder.path("model/model/config.json"));
    config["add_source_eos"] = json!(true);
    folder.write("model/model/config.json", config.to_string());
    assert_ne!(translations("plain"), translations("add_source_eos"));
    assert_translates(&folder, translations("add_source_eos"));
}

#[test]
fn an_argos_package_is_evaluated_and_inspected() {
    let folder = with("argos");
    let (lines, texts) = translations("plain");
    let pairs = lines.iter().zip(&texts).map(|(line, text)| format!("{line}\t{text}\n"));
    folder.write("pairs.tsv", pairs.collect::<String>());
    let report = folder.ok(&["evaluate", "--model", "model", "--data", "pairs.tsv", "--json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert!(report["chrf"]["score"].as_f64().unwrap() > 99.9, "{report}");

    let text = folder.ok(&["inspect", "model"]);
    assert!(text.contains("ctranslate2, encoder-decoder"), "{text}");
    assert!(text.contains("model.bin") && text.contains("in I8"), "{text}");
    let json: Value = serde_json::from_str(&folder.ok(&["inspect", "model", "--json"])).unwrap();
    for key in ["missing", "without_place", "not_needed"] {
        assert_eq!(json["weights"][key], json!([]), "{json}");
    }
}

#[test]
fn a_causal_model_continues_prompts_like_ctranslate2() {
    let folder = with("qwen2-int8");
    add_words(&folder);
    for case in read(fixture("qwen2-int8/expected.json")).as_array().unwrap() {
        let words = |key: &str| {
            let words = case[key].as_array().unwrap().iter();
            words.map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        let source = words("source");
        let args = ["generate", "--model", "model", "--max-tokens", "10", "--json", &source];
        let found: Value = serde_json::from_str(folder.ok(&args).trim()).unwrap();
        // The end token of this tokenizer is not special.
        let text = found["text"].as_str().unwrap().trim().trim_end_matches("</s>").trim();
        assert_eq!(text, words("greedy"), "{found}");
    }
}

#[test]
fn a_missing_tokenizer_is_an_error_with_the_fix() {
    let error = with("opus-mt").fails(&["translate", "--model", "model", "a"]);
    for part in ["no tokenizer found", "sentencepiece.model", "source.spm", "tokenizer.json"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_tokenizer_with_different_ids_is_an_error() {
    let folder = with("qwen2-int8");
    add_words(&folder);
    let mut tokens: Vec<String> =
        serde_json::from_value(read(folder.path("model/vocabulary.json"))).unwrap();
    tokens.swap(7, 8);
    folder.write("model/vocabulary.json", json!(tokens).to_string());
    let error = folder.fails(&["generate", "--model", "model", "t1"]);
    for part in ["vocabulary.json", "`t8`", "has the id 7, which is `t7` in the tokenizer"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn subword_nmt_codes_are_refused() {
    let folder = with("argos");
    fs::remove_file(folder.path("model/sentencepiece.model")).unwrap();
    folder.write("model/bpe.model", "#version: 0.2\nt h\nth e</w>\n");
    let error = folder.fails(&["translate", "--model", "model", "a"]);
    assert!(error.contains("bpe.model") && error.contains("subword-nmt"), "{error}");
}

#[test]
fn fine_tuning_is_refused() {
    let folder = with("argos");
    let recipe = "task = \"translate\"\n[data]\ntrain = \"toy.tsv\"\nvalid = \"toy.tsv\"\n\
                  [train]\nsteps = 1\nbatch_tokens = 100\n";
    folder.write("tune.toml", recipe);
    let error = folder.fails(&["train", "tune.toml", "--init", "model", "--out", "run"]);
    assert!(error.contains("CTranslate2") && error.contains("inference"), "{error}");
}
