//! Documentation in the binary: help pages, the reference of recipe keys, licenses.

use crate::harness::{Folder, assert_names};

#[test]
fn every_help_page_has_examples_and_its_own_options_first() {
    let folder = Folder::empty();
    let overview = folder.ok(&["--help"]);
    let (_, commands) = overview.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let page = folder.ok(&[command, "--help"]);
        let about = page.lines().next().unwrap_or_default();
        assert!(!about.is_empty() && !about.ends_with('.'), "{command}: {about}");
        assert_names(&page, &["Examples:\n", &format!("  crosshead {command}")]);
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{command}: no {text}"));
        assert!(at("Options:\n") < at("Compute:\n"), "{page}");
        assert!(at("Compute:\n") < at("--device") && at("--device") < at("--threads"), "{page}");
    }
}

#[test]
fn recipe_keys_are_explained_and_misspelled_ones_corrected() {
    let folder = Folder::with_toy_corpus();
    let steps = folder.ok(&["recipes", "--reference", "train.steps"]);
    assert!(steps.starts_with("train.steps  (integer, default 2000)\n"), "{steps}");
    let all = folder.ok(&["recipes", "--reference"]);
    assert_names(&all, &["task  (choice, required)", "sample.top_p", "model.norm_order"]);
    assert!(folder.ok(&["recipes", "--reference", "--markdown"]).contains("| `steps` |"));
    let unknown = folder.fails(&["recipes", "--reference", "stepps"]);
    assert_names(&unknown, &["`stepps`", "did you mean `train.steps`?"]);
    let set = folder.fails(&["train", "tiny.toml", "--out", "run", "--set", "train.wramup=3"]);
    assert_names(&set, &["--set train.wramup=3: ", "did you mean `train.warmup`?"]);
    let section = folder.fails(&["train", "tiny.toml", "--out", "run", "--set", "modle.d_ff=3"]);
    assert_names(&section, &["did you mean `model`?"]);
}

#[test]
fn licenses_are_printed_for_data_models_and_crates() {
    let folder = Folder::empty();
    let all = folder.ok(&["licenses"]);
    assert_names(
        &all,
        &[
            "Models\n\nsentiment: CC-BY-4.0 AND MIT\nWeights trained",
            "translate-en-de: Apache-2.0\nWeights trained",
            "Trained on the data set translate-en-de",
            "B. Pang and L. Lee",
            "botocore",
            "\nburn 0.",
        ],
    );
    let texts = folder.ok(&["licenses", "summarize"]);
    assert_names(&texts, &["Apache License", "Octokit contributors", "NOTICE.botocore"]);
    assert_names(&folder.fails(&["licenses", "none"]), &["none", "sentiment"]);
}

#[test]
fn the_build_and_the_machine_are_described() {
    let folder = Folder::empty();
    let plain = folder.ok(&["env"]);
    assert_names(
        &plain,
        &["version          0.", "cpu ", "threads ", "features         flex hub\n"],
    );
    let object: serde_json::Value = serde_json::from_str(&folder.ok(&["env", "--json"])).unwrap();
    assert!(object["threads"].as_u64().is_some_and(|threads| threads > 0), "{object}");
    assert!(object["hub_cache"].as_str().is_some_and(|dir| !dir.is_empty()), "{object}");
}

#[test]
fn completions_and_manual_pages_cover_every_command() {
    let folder = Folder::empty();
    // fish spells long options `-l NAME`.
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert_names(&folder.ok(&["completions", shell]), &["fill-mask", "compute-type"]);
    }
    assert_names(&folder.ok(&["man"]), &[".TH crosshead 1", "crosshead\\-translate(1)"]);
    folder.ok(&["man", "--out", "man"]);
    let page = std::fs::read_to_string(folder.path("man/crosshead-translate.1")).unwrap();
    assert_names(&page, &["\\-\\-beams", "Examples:"]);
}
