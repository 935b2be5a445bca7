//! Pretrained translation models, compared with the translations of transformers (`tests/fixtures/export_translators.py`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Folder, assert_names, stderr};

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder with a model and its tokenizer in `model`; also returns the translations of transformers.
pub(crate) fn assemble(name: &str) -> (Folder, Value) {
    let folder = Folder::with_toy_corpus();
    let expected = add_translator(&folder, name);
    (folder, expected)
}

/// Adds a model and its tokenizer as `model`, and returns the translations of transformers.
pub(crate) fn add_translator(folder: &Folder, name: &str) -> Value {
    let model = repository().join("tests/fixtures/translators").join(name);
    let tokenizer = repository().join("crates/crosshead-tokenize/fixtures/directories").join(name);
    fs::create_dir(folder.path("model")).unwrap();
    // The model's `config.json` replaces that of the tokenizer, which only names the family.
    for file in [&tokenizer, &model].into_iter().flat_map(|dir| fs::read_dir(dir).unwrap()) {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path("model").join(file.file_name())).unwrap();
    }
    serde_json::from_str(&fs::read_to_string(model.join("expected.json")).unwrap()).unwrap()
}

#[test]
fn every_family_translates_like_transformers() {
    for name in ["marian", "mbart", "mbart50", "m2m100", "t5"] {
        let (folder, expected) = assemble(name);
        let mut args = vec!["translate", "--model", "model", "--no-loop-guard"];
        for (flag, key) in [("--from", "from"), ("--to", "to"), ("--prefix", "prefix")] {
            args.extend(expected[key].as_str().into_iter().flat_map(|value| [flag, value]));
        }
        let (sources, translations) = sides(&expected);
        args.extend(sources);
        let found = folder.ok(&args);
        assert_eq!(found.lines().collect::<Vec<_>>(), translations, "{name}");
    }
}

/// The source lines and their translations by transformers.
fn sides(expected: &Value) -> (Vec<&str>, Vec<&str>) {
    let pairs = expected["translations"].as_array().unwrap().iter();
    pairs.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).unzip()
}

#[test]
fn default_languages_are_those_of_transformers() {
    let path = repository().join("tests/fixtures/translators/languages.json");
    let cases: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        let (folder, _) = assemble(case["model"].as_str().unwrap());
        let (sources, translations) = sides(case);
        let mut args = vec!["translate", "--model", "model", "--no-loop-guard"];
        for (option, key) in [("--from", "from"), ("--to", "to")] {
            args.extend(case[key].as_str().into_iter().flat_map(|code| [option, code]));
        }
        args.extend(&sources);
        assert_eq!(folder.ok(&args).lines().collect::<Vec<_>>(), translations, "{args:?}");

        // The scores belong to the same translations.
        let pairs = sources.iter().zip(&translations);
        folder.write("pairs.tsv", pairs.map(|(a, b)| format!("{a}\t{b}\n")).collect::<String>());
        let told = &args[4..6];
        let evaluate = ["evaluate", "--model", "model", "--data", "pairs.tsv", "--json"];
        let report: Value =
            serde_json::from_str(&folder.ok(&[&evaluate[..], told].concat())).unwrap();
        assert!(report["chrf"]["score"].as_f64().unwrap() > 99.9, "{report}");
    }
}

#[test]
fn the_error_for_a_source_without_a_target_names_the_option() {
    for (name, from) in [("mbart", "de_DE"), ("marian", "eng")] {
        let (folder, _) = assemble(name);
        let error = folder.fails(&["translate", "--model", "model", "--from", from, "the cat"]);
        assert!(error.contains("target") || error.contains("--to"), "{error}");
    }
    // The files of a fine-tuned model may name the target: the decoder starts with its code.
    let (folder, expected) = assemble("mbart");
    let path = folder.path("model/generation_config.json");
    let mut search: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    search["decoder_start_token_id"] = json!(code_id(&folder, "ro_RO"));
    fs::write(&path, search.to_string()).unwrap();
    let (sources, translations) = sides(&expected);
    let args = ["translate", "--model", "model", "--no-loop-guard", "--from", "de_DE"];
    let args = [&args, &sources[..]].concat();
    assert_eq!(folder.ok(&args).lines().collect::<Vec<_>>(), translations);
}

/// The id of a language in the small mBART. Its language codes follow the vocabulary in alphabetical order.
fn code_id(folder: &Folder, code: &str) -> u64 {
    let tokenizer = crosshead::tokenize::Tokenizer::from_dir(&folder.path("model")).unwrap();
    u64::from(tokenizer.token_to_id(code).unwrap())
}

#[test]
fn a_source_language_for_a_marian_model_causes_a_message() {
    let (folder, expected) = assemble("marian");
    let (sources, translations) = sides(&expected);
    let args = ["translate", "--model", "model", "--from", "eng", "--to", "fra", sources[0]];
    let output = folder.command(&args).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), translations[0]);
    assert_names(&stderr(&output), &["warning", "--from"]);
}

#[test]
fn the_error_for_an_unknown_language_names_the_known_ones() {
    let (folder, _) = assemble("mbart50");
    let error = folder.fails(&["translate", "--model", "model", "--to", "xx", "the cat"]);
    assert!(error.contains("xx") && error.contains("de_DE"), "{error}");
    let error = folder.fails(&["translate", "--model", "model", "--from", "yy", "the cat"]);
    assert_names(&error, &["yy", "de_DE"]);
    let config = r#"{"tokenizer_class": "MBart50Tokenizer", "src_lang": "english"}"#;
    folder.write("model/tokenizer_config.json", config);
    let error = folder.fails(&["translate", "--model", "model", "the cat"]);
    assert_names(&error, &["tokenizer_config.json", "src_lang", "english"]);
    let (folder, _) = assemble("t5");
    let error = folder.fails(&["translate", "--model", "model", "--to", "de", "the cat"]);
    assert!(error.contains("no languages"), "{error}");
}

#[test]
fn a_truncated_text_keeps_its_special_tokens() {
    let (folder, _) = assemble("mbart50");
    let long = "the cat sat on the mat and ".repeat(40);
    let output = folder
        .command(&[
            "translate",
            "--model",
            "model",
            "--split",
            "none",
            "--from",
            "fr_XX",
            "--to",
            "sl_SI",
            &long,
        ])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("sentence 1"), "{output:?}");
}
