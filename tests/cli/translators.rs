//! Pretrained models that translate: text in, the text of transformers out (`tests/fixtures/export_translators.py`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Folder;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder with the directory `model`: a model, and the tokenizer that it was made for; and what transformers makes of
/// lines.
pub(crate) fn assemble(name: &str) -> (Folder, Value) {
    let folder = Folder::with_toy_corpus();
    let model = repository().join("tests/fixtures/translators").join(name);
    let tokenizer = repository().join("crates/crosshead-tokenize/fixtures/directories").join(name);
    fs::create_dir(folder.path("model")).unwrap();
    // The model's config.json goes over the tokenizer's, which only names the family.
    for file in [&tokenizer, &model].into_iter().flat_map(|dir| fs::read_dir(dir).unwrap()) {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path("model").join(file.file_name())).unwrap();
    }
    let text = fs::read_to_string(model.join("expected.json")).unwrap();
    (folder, serde_json::from_str(&text).unwrap())
}

#[test]
fn every_family_translates_text_as_transformers_does() {
    for name in ["marian", "mbart", "mbart50", "m2m100", "t5"] {
        let (folder, expected) = assemble(name);
        let mut args = vec!["translate", "--model", "model"];
        for (flag, key) in [("--from", "from"), ("--to", "to"), ("--prefix", "prefix")] {
            args.extend(expected[key].as_str().into_iter().flat_map(|value| [flag, value]));
        }
        let pairs = expected["translations"].as_array().unwrap();
        let side = |i: usize| pairs.iter().map(move |pair| pair[i].as_str().unwrap());
        args.extend(side(0));
        let found = folder.ok(&args);
        let translations: Vec<&str> = side(1).collect();
        assert_eq!(found.lines().collect::<Vec<_>>(), translations, "{name}");
    }
}

#[test]
fn languages_that_a_model_does_not_know_are_refused_with_those_it_does() {
    let (folder, _) = assemble("mbart50");
    let error = folder.fails(&["translate", "--model", "model", "--to", "xx", "the cat"]);
    assert!(error.contains("xx") && error.contains("de_DE"), "{error}");
    let (folder, _) = assemble("t5");
    let error = folder.fails(&["translate", "--model", "model", "--to", "de", "the cat"]);
    assert!(error.contains("no languages"), "{error}");
}

#[test]
fn a_text_that_is_too_long_keeps_what_stands_around_it() {
    let (folder, _) = assemble("mbart50");
    let long = "the cat sat on the mat and ".repeat(40);
    let output = folder
        .command(&["translate", "--model", "model", "--from", "fr_XX", "--to", "sl_SI", &long])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("sentence 1"), "{output:?}");
}
