//! Commands without `--model`: the embedded models, the configuration file, and what to type otherwise.

use std::fs;

use serde_json::Value;

use crate::harness::{Folder, assert_names};
use crate::translators::assemble;

/// Writes the configuration file.
fn configure(folder: &Folder, text: &str) {
    fs::create_dir_all(folder.path("config/crosshead")).unwrap();
    folder.write("config/crosshead/config.toml", text);
}

#[test]
fn without_a_model_the_embedded_one_answers_or_the_message_says_what_to_type() {
    let folder = Folder::empty();
    let listed = folder.ok(&["models", "--json"]);
    let embedded = |name: &str| {
        let mut models = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        models.any(|model| model["name"] == name && model["place"] == "built in")
    };
    for (command, model) in [
        ("translate", "translate-en-de"),
        ("classify", "sentiment"),
        ("summarize", ""),
        ("token-classify", ""),
        ("generate", ""),
        ("fill-mask", ""),
        ("embed", ""),
    ] {
        let args = [command, "The end time is not valid."];
        if embedded(model) {
            assert!(!folder.ok(&args).trim().is_empty(), "{command}");
            let by_name = [command, "--model", model, "The end time is not valid."];
            assert_eq!(folder.ok(&by_name), folder.ok(&args), "{command}");
        } else {
            let message = folder.fails(&args);
            assert_names(&message, &["--model", &format!("crosshead {command} --model ")]);
        }
    }
}

#[test]
fn a_text_far_from_what_the_model_knows_gets_a_warning() {
    let (folder, _) = assemble("marian");
    let domain = r#"{"about": "animals", "min_score": -1e9}"#;
    folder.write("model/domain.json", domain);
    let args = ["translate", "--model", "model", "the cat"];
    assert_eq!(folder.told(&args), "");
    folder.write("model/domain.json", domain.replace("-1e9", "1e9"));
    assert_names(&folder.told(&args), &["warning: sentence 1", "far", "(animals)", "--model"]);
    assert_eq!(folder.told(&["-q", "translate", "--model", "model", "the cat"]), "");
    folder.write("model/domain.json", domain.replace("about", "abuot"));
    assert_names(&folder.fails(&args), &["domain.json", "abuot"]);
}

#[test]
fn the_configuration_file_sets_defaults_of_options() {
    let (folder, _) = assemble("marian");
    let translate = |options: &[&str]| folder.ok(&[&["translate", "the cat"], options].concat());
    let three = translate(&["--model", "model", "--max-tokens", "3"]);
    let one = translate(&["--model", "model", "--max-tokens", "1"]);
    assert_ne!(three, one);
    configure(&folder, "threads = 1\n[translate]\nmodel = \"model\"\nmax_tokens = 3\n");
    assert_eq!(translate(&[]), three);
    assert_eq!(translate(&["--max-tokens", "1"]), one, "the command line goes first");
    let without = ["--no-config", "--model", "model", "--max-tokens", "1"];
    assert_eq!(translate(&without), one);
    let told = folder.ok(&["env"]);
    assert_names(&told, &["config.toml", "threads = 1", "translate.model = model"]);
    assert!(!folder.ok(&["--no-config", "env"]).contains("translate.model"));
    assert_names(&folder.ok(&["translate", "--help"]), &["[default: 3]"]);
}

#[test]
fn errors_in_the_configuration_file_name_the_line_and_the_nearest_key() {
    let folder = Folder::empty();
    for (text, parts) in [
        ("threads = 1\n[translate]\nbaems = 3\n", &["line 3", "baems", "`translate.beams`"][..]),
        ("thraeds = 1\n", &["line 1", "`thraeds`", "`threads`"]),
        ("[trasnlate]\nbeams = 3\n", &["line 1", "trasnlate", "`translate`"]),
        ("[translate]\nbeams = true\n", &["line 2", "translate.beams", "number"]),
        ("[translate]\nbeams = 3.5\n", &["3.5", "--beams"]),
        ("device = \"toaster\"\n", &["toaster", "--device"]),
        ("threads = \n", &["line 1"]),
    ] {
        configure(&folder, text);
        let message = folder.fails(&["translate", "x"]);
        assert_names(&message, &[&["config.toml"], parts].concat());
        assert!(folder.ok(&["--no-config", "recipes"]).contains("translate-en-de"), "{text}");
    }
}
