//! Run directories written by earlier versions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Folder, assert_names, files};

/// A run of version 0.1.0 after 8 steps, and that version's result after 16 steps; see the README there.
fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/run-0.1.0")
}

/// A folder with the recipe, its data and the run.
fn folder() -> Folder {
    let folder = Folder::with_toy_corpus();
    let run = fixture().join("run");
    for file in files(&run) {
        let path = folder.path("run").join(file.strip_prefix(&run).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(&file, path).unwrap();
    }
    for name in ["toy.tsv", "recipe.toml"] {
        folder.write(name, fs::read(fixture().join(name)).unwrap());
    }
    folder
}

const RESUME: [&str; 7] =
    ["train", "recipe.toml", "--out", "run", "--resume", "--set", "train.steps=16"];

#[test]
fn a_run_of_version_0_1_0_resumes_with_the_same_bitwise_result() {
    let folder = folder();
    folder.ok(&RESUME);
    for name in ["weights", "optimizer"] {
        let expected = fs::read(fixture().join(format!("{name}-16.safetensors"))).unwrap();
        let path = folder.path("run").join(format!("checkpoints/16/{name}.safetensors"));
        let found = fs::read(path).unwrap();
        // Other instruction sets round differently, so only the structure of the file can be compared.
        if cfg!(target_arch = "x86_64") && has_avx512() {
            assert!(found == expected, "{name} differs");
        } else {
            assert_eq!(found.len(), expected.len(), "{name}");
        }
    }
}

#[test]
fn the_error_for_a_run_of_a_later_format_names_the_version() {
    let folder = folder();
    let path = folder.path("run/checkpoints/8/state.json");
    let state = fs::read_to_string(&path).unwrap();
    fs::write(&path, state.replacen('{', "{\n  \"format\": 99,", 1)).unwrap();
    assert_names(&folder.fails(&RESUME), &["state.json", "format 99", "newer"]);
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}
