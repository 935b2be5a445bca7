//! `crosshead quantize` and `--compute-type`.

use std::fs;

use crate::harness::{Folder, assert_names};
use crate::translators::assemble;

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
fn errors_of_quantize_name_the_directory() {
    let (folder, _) = assemble("marian");
    folder.ok(&["quantize", "model", "int8"]);
    assert_names(&folder.fails(&["quantize", "model", "int8"]), &["int8", "exists already"]);
    assert_names(&folder.fails(&["quantize", "int8", "other"]), &["int8", "is int8 already"]);
    assert_names(&folder.fails(&["quantize", "nowhere", "other"]), &["nowhere"]);
    assert!(!folder.path("other").exists());
}
