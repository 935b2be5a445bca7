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

/// The key of the output of a command.
fn key(command: &str) -> &'static str {
    if command == "generate" { "text" } else { "translation" }
}

/// What a command prints for each text, and its messages.
fn answers(folder: &Folder, command: &str, args: &[&str], texts: &[&str]) -> (Vec<Value>, String) {
    let args = [&[command, "--model", "model", "--json"], args, &["--"], texts].concat();
    let output = folder.command(&args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), stderr(&output))
}

/// The output of a command for each text, and its messages.
fn written(folder: &Folder, command: &str, args: &[&str], texts: &[&str]) -> (Vec<String>, String) {
    let (found, messages) = answers(folder, command, args, texts);
    let text = |line: &Value| line[key(command)].as_str().unwrap().to_owned();
    (found.iter().map(text).collect(), messages)
}

#[track_caller]
fn assert_close(found: &Value, expected: &Value, at: &str) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() < 2e-4, "{at}: {found}, not {expected}");
}

fn strings(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

#[test]
fn output_equals_that_of_transformers_for_every_setting() {
    let cases: Value =
        serde_json::from_str(&fs::read_to_string(fixture("cases.json")).unwrap()).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert!(cases.len() > 110, "only {} cases are in the fixture", cases.len());
    for case in cases {
        let name = case["model"].as_str().unwrap();
        let folder = model(name, &case["files"]);
        let command = if name == "bart" { "translate" } else { "generate" };
        let texts = case["texts"].as_array().unwrap();
        let prompts: Vec<&str> =
            texts.iter().map(|text| text["prompt"].as_str().unwrap()).collect();
        let mut args = strings(&case["args"]);
        if command == "translate" {
            args.push("--no-loop-guard");
        }
        let (found, messages) = answers(&folder, command, &args, &prompts);
        assert_eq!(messages, "", "{name}, {}", case["name"]);
        for (found, text) in found.iter().zip(texts) {
            // If the output continues the prompt, the two are separated by a space.
            let expected = text["text"].as_str().unwrap();
            let at = format!("{name}, {}: {}", case["name"], text["prompt"]);
            assert_eq!(found[key(command)].as_str().unwrap().trim(), expected, "{at}");
            let Some(expected) = text["hypotheses"].as_array() else { continue };
            let hypotheses = found["hypotheses"].as_array().unwrap();
            assert_eq!(hypotheses.len(), expected.len(), "{at}");
            for (found, expected) in hypotheses.iter().zip(expected) {
                assert_eq!(found["text"].as_str().unwrap().trim(), expected["text"], "{at}");
                assert_close(&found["score"], &expected["score"], &at);
            }
        }
    }
}

#[test]
fn unsupported_options_that_change_the_text_cause_a_warning() {
    let generation = json!({
        "eos_token_id": 1, "max_new_tokens": 3, "min_p": 0.1, "guidance_scale": 1.5, "top_h": null,
        "encoder_no_repeat_ngram_size": 3, "stop_strings": ["w5"], "cache_implementation": "static",
        "transformers_version": "4.30.0", "output_scores": true, "typical_p": 1.0, "token_healing": true,
        "watermarking_config": null, "prompt_lookup_num_tokens": 3,
    });
    let folder = model("llama", &json!({ "generation_config.json": generation }));
    let warned = |args: &[&str]| written(&folder, "generate", args, &["w1"]).1;
    let sampled = warned(&[]);
    for key in ["guidance_scale", "token_healing"] {
        let warning = format!("warning: generation_config.json: key {key} is not supported");
        assert_names(&sampled, &[&warning]);
    }
    assert_eq!(sampled.lines().count(), 2, "{sampled}");
    assert_eq!(warned(&["--temperature", "0"]), sampled);

    let beams =
        json!({ "eos_token_id": 1, "max_new_tokens": 3, "do_sample": true, "num_beams": 2 });
    let folder = model("llama", &json!({ "generation_config.json": beams }));
    let (_, messages) = written(&folder, "generate", &[], &["w1"]);
    assert_names(&messages, &["warning: generation_config.json: key num_beams is not supported"]);
    let (_, messages) = written(&folder, "generate", &["--temperature", "0"], &["w1"]);
    assert_eq!(messages, "", "beam search is not sampling");

    let old = json!({ "generation_config.json": null, "config.json": { "penalty_alpha": 0.6 } });
    let folder = model("llama", &old);
    let (_, messages) = written(&folder, "generate", &["--max-tokens", "3"], &["w1"]);
    assert_names(&messages, &["warning: config.json: key penalty_alpha is not supported"]);

    let drawn =
        json!({ "decoder_start_token_id": 1, "do_sample": true, "num_beams": 2, "max_length": 9 });
    let folder = model("bart", &json!({ "generation_config.json": drawn }));
    let (_, messages) = written(&folder, "translate", &[], &["w1"]);
    assert_names(&messages, &["warning: generation_config.json: key do_sample is not supported"]);
    let (_, messages) = written(&folder, "translate", &["--beams", "1"], &["w1"]);
    assert_eq!(messages, "");
}

#[test]
fn given_pairs_have_the_log_probabilities_of_transformers() {
    let fixture: Value =
        serde_json::from_str(&fs::read_to_string(fixture("cases.json")).unwrap()).unwrap();
    let pairs = fixture["pairs"].as_array().unwrap();
    let folder = model("bart", &json!({}));
    let line = |pair: &Value| {
        format!("{}\t{}\n", pair["source"].as_str().unwrap(), pair["target"].as_str().unwrap())
    };
    folder.write("pairs.tsv", pairs.iter().map(line).collect::<String>());
    let args = ["rank", "--model", "model", "pairs.tsv"];
    let found = folder.ok(&[&args[..], &["--json"]].concat());
    let table = folder.ok(&args);
    assert_eq!(found.lines().count(), pairs.len());
    for ((found, row), pair) in found.lines().zip(table.lines()).zip(pairs) {
        let found: Value = serde_json::from_str(found).unwrap();
        let expected = pair["log_probs"].as_array().unwrap();
        let tokens = found["tokens"].as_array().unwrap();
        assert_eq!(tokens.len(), expected.len());
        for (token, expected) in tokens.iter().zip(expected) {
            assert_close(&token["log_prob"], expected, &pair.to_string());
        }
        let sum: f64 = expected.iter().map(|value| value.as_f64().unwrap()).sum();
        let mean = sum / expected.len() as f64;
        let row: Vec<f64> = row.split('\t').map(|value| value.parse().unwrap()).collect();
        assert!((row[0] - sum).abs() < 1e-3 && (row[1] - mean).abs() < 2e-4, "{row:?}, not {sum}");
        assert_close(&found["per_token"], &json!(mean), "mean");
        assert_close(&found["log_prob"], &json!(sum), "sum");
    }
}

#[test]
fn drafts_do_not_change_texts() {
    for (name, command) in [("llama", "generate"), ("bart", "translate")] {
        let folder = model(name, &json!({}));
        let greedy =
            ["--temperature", "0", "--beams", "1", "--no-loop-guard", "--max-tokens", "30"];
        let texts = ["the cat sat on the mat", "a dog", "the cat sat on the cat sat on"];
        let (expected, _) = written(&folder, command, &greedy, &texts);
        let drafts: &[&[&str]] = match command {
            "generate" => {
                &[&["--prompt-lookup", "5"], &["--draft", "model", "--draft-tokens", "3"]]
            }
            _ => &[&["--prompt-lookup", "5"]],
        };
        for drafts in drafts {
            let args = [&greedy[..], drafts].concat();
            let (found, _) = answers(&folder, command, &args, &texts);
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found[key(command)].as_str(), Some(expected.as_str()), "{drafts:?}");
                let count = |name: &str| found["drafts"][name].as_u64().unwrap();
                assert!(count("passes") > 0 && count("accepted") <= count("drafted"), "{found}");
            }
        }
        let sampled =
            [command, "--model", "model", "--prompt-lookup", "5", "--top-k", "3", "a dog"];
        assert_names(&folder.fails(&sampled), &["--prompt-lookup", "sampling", "--temperature 0"]);
    }
}

#[test]
fn continuations_of_prompts_are_ranked() {
    let folder = model("llama", &json!({}));
    folder.write("pairs.tsv", "the cat\t sat on\nthe cat\t mat\n");
    let args = ["rank", "--model", "model", "pairs.tsv"];
    let lines = folder.ok(&args);
    let log_probs: Vec<f64> =
        lines.lines().map(|line| line.split('\t').next().unwrap().parse().unwrap()).collect();
    assert!(log_probs.len() == 2 && log_probs.iter().all(|log_prob| *log_prob < 0.0), "{lines}");
    let json = folder.ok(&[&args[..], &["--json"]].concat());
    assert!(json.lines().next().unwrap().contains("\"target\":\" sat on\""), "{json}");
    let message = folder.fails(&[&args[..], &["--to", "de"]].concat());
    assert_names(&message, &["--to", "language model"]);
}

#[test]
fn n_best_texts_are_lines_and_json_has_tokens_and_the_reason_to_stop() {
    let folder = model(
        "bart",
        &json!({ "generation_config.json": {
        "decoder_start_token_id": 1, "eos_token_id": 1, "max_length": 8,
    } }),
    );
    let args = ["--beams", "3", "--n-best", "2"];
    let lines =
        folder.ok(&[&["translate", "--model", "model"], &args[..], &["w1 w2", "w5"]].concat());
    let (found, _) = answers(&folder, "translate", &args, &["w1 w2", "w5"]);
    let mut expected = Vec::new();
    for (number, found) in (1..).zip(&found) {
        for hypothesis in found["hypotheses"].as_array().unwrap() {
            let (text, score) =
                (hypothesis["text"].as_str().unwrap(), hypothesis["score"].as_f64().unwrap());
            expected.push(format!("{number}\t{score:.6}\t{text}"));
        }
    }
    assert_eq!(expected.len(), 4);
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);

    let args = ["--beams", "1", "--alternatives", "3"];
    let (found, _) = answers(&folder, "translate", &args, &["w1 w2"]);
    assert!(["end_token", "max_length"].contains(&found[0]["stop"].as_str().unwrap()));
    let tokens = found[0]["hypotheses"][0]["tokens"].as_array().unwrap();
    for token in tokens {
        let alternatives = token["alternatives"].as_array().unwrap();
        assert_eq!(alternatives.len(), 3);
        assert_eq!(
            (&alternatives[0]["token"], &alternatives[0]["log_prob"]),
            (&token["token"], &token["log_prob"])
        );
    }
    let (found, _) = answers(&folder, "translate", &["--time-limit", "0"], &["w1 w2"]);
    assert_eq!(found[0]["stop"], "time_limit");
    let message =
        folder.fails(&["translate", "--model", "model", "--n-best", "2", "--beams", "1", "w1"]);
    assert_names(&message, &["n_best", "beams"]);
}

#[test]
fn forced_words_occur_and_bad_words_do_not() {
    let folder = model("gpt2", &json!({}));
    let args = [
        "--max-tokens",
        "12",
        "--beams",
        "4",
        "--force-words",
        "w17",
        "--force-words",
        "w3 w9",
        "--bad-words",
        "w5",
    ];
    let (found, _) = written(&folder, "generate", &args, &["w1", "w2 w3 w2", "w0 w4"]);
    for text in found {
        assert!(text.contains("w17") && text.contains("w3 w9"), "{text}");
        assert!(text.split(' ').all(|word| word != "w5"), "{text}");
    }
}

#[test]
fn a_loop_is_cut_unless_it_is_left() {
    // The bias makes the model repeat a word.
    let generation = json!({
        "decoder_start_token_id": 1, "eos_token_id": 1, "max_length": 40, "sequence_bias": [[[9], 60.0]],
    });
    let folder = model("bart", &json!({ "generation_config.json": generation }));
    let (found, messages) = answers(&folder, "translate", &[], &["w1 w2"]);
    assert_eq!(
        (found[0]["translation"].as_str(), found[0]["stop"].as_str()),
        (Some("w4"), Some("loop"))
    );
    assert_names(&messages, &["warning", "sentence 1", "repeated"]);
    let (found, messages) = answers(&folder, "translate", &["--no-loop-guard"], &["w1 w2"]);
    assert_eq!(messages, "");
    assert_eq!(found[0]["translation"], ["w4"; 39].join(" "));
    let (same, _) = answers(&folder, "translate", &["--loop-guard", "39"], &["w1 w2"]);
    assert_eq!(same, found);
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
