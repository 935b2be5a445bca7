//! `crosshead quantize` and `--compute-type`.

use std::fs;

use serde_json::Value;

use crate::harness::{Folder, assert_names};
use crate::translators::{assemble, repository};

#[test]
fn a_quantized_model_translates_and_the_original_is_unchanged() {
    let (folder, _) = assemble("marian");
    let before = fs::read(folder.path("model/model.safetensors")).unwrap();
    folder.ok(&["quantize", "model", "int8"]);
    assert!(fs::read(folder.path("model/model.safetensors")).unwrap() == before);
    let translate = |model, compute_type| {
        let args = ["translate", "--model", model, "--compute-type", compute_type];
        folder.ok(&[&args[..], &["the first sentence", "a second one"]].concat())
    };
    let int8 = translate("int8", "auto");
    assert_eq!(int8.lines().count(), 2);
    assert_eq!(translate("int8", "int8"), int8);
    assert_eq!(translate("model", "int8"), int8, "quantized at load time");
    assert_eq!(translate("model", "f32"), translate("model", "auto"));
    assert!(folder.ok(&["inspect", "int8"]).contains("I8"));
}

#[test]
fn a_quantized_run_has_its_recipe_and_can_be_evaluated() {
    let folder = Folder::with_toy_corpus();
    folder.ok(&["train", "tiny.toml", "--out", "run"]);
    folder.ok(&["quantize", "run", "int8"]);
    assert_eq!(
        fs::read(folder.path("run/recipe.toml")).unwrap(),
        fs::read(folder.path("int8/recipe.toml")).unwrap()
    );
    for compute_type in ["auto", "f32", "int8"] {
        let report = folder.ok(&[
            "evaluate",
            "--model",
            "int8",
            "--data",
            "toy.tsv",
            "--compute-type",
            compute_type,
            "--json",
        ]);
        assert!(report.contains("\"bleu\""), "{report}");
    }
    folder.write(
        "again.toml",
        "task = \"translate\"\ninit = \"int8\"\n[data]\ntrain = \"toy.tsv\"\nvalid = \"toy.tsv\"\n\
         [train]\nsteps = 1\nbatch_tokens = 300\npeak = 1e-3\n",
    );
    let message = folder.fails(&["train", "again.toml", "--out", "again"]);
    assert_names(&message, &["int8", "model.safetensors", "cannot be trained"]);
}

#[test]
fn a_quantized_sentence_encoder_keeps_its_modules() {
    let folder = Folder::empty();
    let model = repository().join("tests/fixtures/sentences-tiny");
    folder.ok(&["quantize", model.to_str().unwrap(), "int8"]);
    for file in ["modules.json", "1_Pooling/config.json", "sentence_bert_config.json"] {
        assert_eq!(
            fs::read(model.join(file)).unwrap(),
            fs::read(folder.path("int8").join(file)).unwrap(),
            "{file}"
        );
    }
    let vector = |dir: &str| -> Vec<f64> {
        let found: Value =
            serde_json::from_str(&folder.ok(&["embed", "--model", dir, "a cat"])).unwrap();
        found["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let (exact, int8) = (vector(model.to_str().unwrap()), vector("int8"));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = dot(&exact, &int8) / (dot(&exact, &exact) * dot(&int8, &int8)).sqrt();
    assert!(cosine > 0.99 && cosine < 1.0, "{cosine}");
}

#[test]
fn errors_of_quantize_name_the_directory() {
    let (folder, _) = assemble("marian");
    folder.ok(&["quantize", "model", "int8"]);
    assert_names(&folder.fails(&["quantize", "model", "int8"]), &["int8", "already exists"]);
    assert_names(&folder.fails(&["quantize", "int8", "other"]), &["int8", "is int8 already"]);
    assert_names(&folder.fails(&["quantize", "nowhere", "other"]), &["nowhere"]);
    assert!(!folder.path("other").exists());
}
