//! Text equal to that of transformers for every supported setting of `generation_config.json`, and warnings for unsupported
//! ones. `tests/fixtures/export_generation.py` writes the fixture.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::harness::{Folder, assert_names, stderr};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/generation").join(name)
}

/// A folder with a copy of one of the fixture's models in `model`, with some files changed.
fn model(name: &str, files: &Value) -> Folder {
    let folder = Folder::empty();
    fs::create_dir(folder.path("model")).unwrap();
    for file in fs::read_dir(fixture(name)).unwrap() {
        let file = file.unwrap().path();
        let copy = folder.path("model").join(file.file_name().unwrap());
        fs::write(copy, fs::read(file).unwrap()).unwrap();
    }
    for (file, change) in files.as_object().unwrap() {
        let path = folder.path("model").join(file);
        match change {
            Value::Null => drop(fs::remove_file(path)),
            Value::String(text) => fs::write(path, text).unwrap(),
            change => {
                let old = fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
                let mut keys: Map<String, Value> = serde_json::from_str(&old).unwrap();
                keys.extend(change.as_object().unwrap().clone());
                fs::write(path, Value::Object(keys).to_string()).unwrap();
            }
        }
    }
    folder
}

/// The output of a command for each text, and its messages.
fn written(folder: &Folder, command: &str, args: &[&str], texts: &[&str]) -> (Vec<String>, String) {
    let args = [&[command, "--model", "model", "--json"], args, &["--"], texts].concat();
    let output = folder.command(&args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    let key = if command == "generate" { "text" } else { "translation" };
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let text = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line[key].as_str().unwrap().to_owned()
    };
    (lines.lines().map(text).collect(), stderr(&output))
}

fn strings(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

#[test]
fn output_equals_that_of_transformers_for_every_setting() {
    let cases: Value =
        serde_json::from_str(&fs::read_to_string(fixture("cases.json")).unwrap()).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert!(cases.len() > 60, "only {} cases are in the fixture", cases.len());
    for case in cases {
        let name = case["model"].as_str().unwrap();
        let folder = model(name, &case["files"]);
        let command = if name == "bart" { "translate" } else { "generate" };
        let texts = case["texts"].as_array().unwrap();
        let prompts: Vec<&str> =
            texts.iter().map(|text| text["prompt"].as_str().unwrap()).collect();
        let (found, messages) = written(&folder, command, &strings(&case["args"]), &prompts);
        assert_eq!(messages, "", "{name}, {}", case["name"]);
        for (found, text) in found.iter().zip(texts) {
            // If the output continues the prompt, the two are separated by a space.
            let expected = text["text"].as_str().unwrap();
            assert_eq!(found.trim(), expected, "{name}, {}: {}", case["name"], text["prompt"]);
        }
    }
}

#[test]
fn unsupported_options_that_change_the_text_cause_a_warning() {
    let generation = json!({
        "eos_token_id": 1, "max_new_tokens": 3, "min_p": 0.1, "guidance_scale": 1.0, "top_h": null,
        "encoder_no_repeat_ngram_size": 3, "stop_strings": ["w5"], "cache_implementation": "static",
        "transformers_version": "4.30.0", "output_scores": true, "typical_p": 1.0,
    });
    let folder = model("llama", &json!({ "generation_config.json": generation }));
    let warned = |args: &[&str]| written(&folder, "generate", args, &["w1"]).1;
    let sampled = warned(&[]);
    for key in ["min_p", "encoder_no_repeat_ngram_size", "stop_strings"] {
        let warning = format!("warning: generation_config.json: key {key} is not supported");
        assert_names(&sampled, &[&warning]);
    }
    assert_eq!(sampled.lines().count(), 3, "{sampled}");
    let greedy = warned(&["--temperature", "0"]);
    assert!(!greedy.contains("min_p"), "it has no effect on greedy decoding: {greedy}");

    let old = json!({ "generation_config.json": null, "config.json": { "penalty_alpha": 0.6 } });
    let folder = model("llama", &old);
    let (_, messages) = written(&folder, "generate", &["--max-tokens", "3"], &["w1"]);
    assert_names(&messages, &["warning: config.json: key penalty_alpha is not supported"]);

    let drawn = json!({ "decoder_start_token_id": 1, "do_sample": true, "max_length": 9 });
    let folder = model("bart", &json!({ "generation_config.json": drawn }));
    let (_, messages) = written(&folder, "translate", &[], &["w1"]);
    assert_names(&messages, &["warning: generation_config.json: key do_sample is not supported"]);
}

#[test]
fn a_chat_is_streamed_without_the_prompt_and_needs_a_template() {
    let template = "{% for m in messages %}{{ m['content'] }} {% endfor %}w6";
    let folder = model("llama", &json!({ "chat_template.jinja": template }));
    let args =
        ["generate", "--model", "model", "--chat", "--temperature", "0", "--max-tokens", "4"];
    let streamed = folder.ok(&[&args[..], &["w1"]].concat());
    let (json, _) = written(&folder, "generate", &args[3..], &["w1"]);
    assert_eq!(streamed.trim_end_matches('\n'), json[0]);

    let without = model("llama", &json!({}));
    let message = without.fails(&[&args[..], &["w1"]].concat());
    assert_names(&message, &["no chat template", "tokenizer_config.json", "chat_template.jinja"]);
    let system = without.command(&["generate", "--model", "model", "--system", "x", "w1"]);
    let output = { system }.output().unwrap();
    assert_names(&stderr(&output), &["--chat"]);
}

#[test]
fn errors_for_impossible_settings_name_file_and_key() {
    for (key, value, part) in [
        ("max_new_tokens", json!("many"), "max_new_tokens"),
        ("eos_token_id", json!({}), "eos_token_id"),
        ("num_beams", json!(0), "num_beams"),
        ("max_length", json!(2), "max_length is 2"),
    ] {
        let keys = Map::from_iter([(key.to_owned(), value)]);
        let folder = model("llama", &json!({ "generation_config.json": keys }));
        let message = folder.fails(&["generate", "--model", "model", "w1 w2 w3"]);
        assert_names(&message, &["generation_config.json", part]);
    }
}
