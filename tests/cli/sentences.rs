//! Sentence encoders in every file variant of sentence-transformers, compared with the embeddings of that library
//! (`tests/fixtures/export_sentence_variants.py`).

use std::fs;

use serde_json::{Value, json};

use crate::embed::{folder, vector};
use crate::harness::{Folder, assert_names, stderr};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures");

/// The variants of a kind.
fn variants(kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(format!("{FIXTURES}/sentence-variants/variants.json")).unwrap();
    let variants: Value = serde_json::from_str(&text).unwrap();
    variants[kind].as_array().unwrap().clone()
}

/// A folder with `sentences`, with some files replaced.
fn with_files(files: &Value) -> Folder {
    let folder = folder();
    for (name, content) in files.as_object().unwrap() {
        let path = folder.path(&format!("sentences/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content {
            Value::Null => drop(fs::remove_file(path)),
            Value::String(file) => {
                let source =
                    format!("{FIXTURES}/sentence-variants/{}", file.trim_start_matches('@'));
                fs::copy(source, path).map(drop).unwrap();
            }
            content => fs::write(path, content.to_string()).unwrap(),
        }
    }
    folder
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn assert_near(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 2e-5 * (1.0 + expected.abs()),
            "{name}: {found} instead of {expected}"
        );
    }
}

#[test]
fn every_file_variant_gives_the_embeddings_of_sentence_transformers() {
    for variant in variants("embed") {
        let name = variant["name"].as_str().unwrap();
        let folder = with_files(&variant["files"]);
        let mut args = vec!["embed", "--model", "sentences"];
        for (key, option) in [("prompt", "--prompt"), ("prompt_name", "--prompt-name")] {
            args.extend(
                variant["options"][key].as_str().map(|value| [option, value]).into_iter().flatten(),
            );
        }
        let texts = variant["texts"].as_array().unwrap();
        args.extend(texts.iter().map(|text| text.as_str().unwrap()));
        let found = lines(&folder.ok(&args));
        let expected = variant["embeddings"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (line, expected) in found.iter().zip(expected) {
            assert_near(name, &vector(&line["embedding"]), &vector(expected));
        }
    }
}

#[test]
fn similar_uses_the_similarity_and_prompts_of_the_model() {
    for variant in variants("similar") {
        let name = variant["name"].as_str().unwrap();
        let folder = with_files(&variant["files"]);
        let sentences = variant["sentences"].as_array().unwrap();
        let sentences: Vec<&str> = sentences.iter().map(|text| text.as_str().unwrap()).collect();
        folder.write("corpus.txt", sentences.join("\n"));
        let query = variant["query"].as_str().unwrap();
        let args = ["similar", "--model", "sentences", "--corpus", "corpus.txt", "--json", query];
        let found = lines(&folder.ok(&args));
        let score = |sentence: &&str| {
            found.iter().find(|line| line["text"] == **sentence).unwrap()["score"].as_f64().unwrap()
        };
        let scores: Vec<f64> = sentences.iter().map(score).collect();
        assert_near(name, &scores, &vector(&variant["scores"]));
        let order: Vec<f64> = found.iter().map(|line| line["score"].as_f64().unwrap()).collect();
        assert!(order.is_sorted_by(|a, b| a >= b), "{name}: {order:?}");
    }
}

#[test]
fn prompts_of_the_command_line_override_those_of_the_model() {
    let prompts = json!({ "prompts": { "query": "the film: ", "document": "one " } });
    let folder = with_files(&json!({ "config_sentence_transformers.json": prompts }));
    folder.write("corpus.txt", "four dogs");
    let score = |more: &[&str]| {
        let args = ["similar", "--model", "sentences", "--corpus", "corpus.txt", "four dogs"];
        folder.ok(&[&args[..], more].concat())
    };
    assert_ne!(score(&[]), "1.0000\tfour dogs\n");
    assert_eq!(score(&["--query-prompt", "", "--document-prompt", ""]), "1.0000\tfour dogs\n");
    assert_eq!(score(&["--query-prompt", "one "]), "1.0000\tfour dogs\n");
    let unknown = folder.fails(&["embed", "--model", "sentences", "--prompt-name", "passage", "x"]);
    assert_names(&unknown, &["passage", "document, query"]);
}

#[test]
fn errors_for_unsupported_settings_of_a_sentence_encoder_name_file_and_key() {
    const ST: &str = "sentence_transformers.models.";
    let modules = |classes: &[&str]| -> Value {
        let entry = |class: &&str| json!({ "path": "", "type": class });
        json!({ "modules.json": classes.iter().map(entry).collect::<Vec<_>>() })
    };
    let of = |file: &str, key: &str, value: Value| json!({ file: { key: value } });
    let bert = |key: &str, value: Value| of("sentence_bert_config.json", key, value);
    let settings = |key: &str, value: Value| of("config_sentence_transformers.json", key, value);
    let pooling = |key: &str, value: Value| of("1_Pooling/config.json", key, value);
    let text = |method: &str, output: &str| json!({ "text": { "method": method, "method_output_name": output } });
    let [transformer, pool] = [format!("{ST}Transformer"), format!("{ST}Pooling")];
    for (files, parts) in [
        (
            modules(&[&transformer, &pool, &format!("{ST}WeightedLayerPooling")]),
            vec!["modules.json", "WeightedLayerPooling"],
        ),
        (modules(&[&transformer, "custom.Pooling"]), vec!["modules.json", "custom.Pooling"]),
        (modules(&[&transformer]), vec!["modules.json", "a Pooling module is missing"]),
        (modules(&[&pool, &transformer]), vec!["modules.json", "Pooling", "unexpected here"]),
        (
            json!({ "modules.json": [{ "path": "../x", "type": transformer }] }),
            vec!["modules.json", "../x"],
        ),
        (
            bert("query_expansion", json!({ "length": 32 })),
            vec!["sentence_bert_config.json", "query_expansion"],
        ),
        (
            bert("tokenizer_name_or_path", json!("bert-base")),
            vec!["tokenizer_name_or_path", "bert-base"],
        ),
        (bert("transformer_task", json!("fill-mask")), vec!["transformer_task", "fill-mask"]),
        (
            bert("modality_config", text("forward", "pooler_output")),
            vec!["modality_config", "pooler_output"],
        ),
        (bert("modality_config", json!({ "message": {} })), vec!["modality_config", "message"]),
        (
            bert("tokenizer_args", json!({ "do_lower_case": true })),
            vec!["tokenizer_args", "do_lower_case"],
        ),
        (
            bert("processing_kwargs", json!({ "text": { "add_special_tokens": false } })),
            vec!["processing_kwargs", "add_special_tokens"],
        ),
        (bert("max_seq_len", json!(5)), vec!["sentence_bert_config.json", "max_seq_len"]),
        (bert("max_seq_length", json!(1)), vec!["limit of 1 token", "max_seq_length"]),
        (
            pooling("pooling_mode", json!("median")),
            vec!["1_Pooling/config.json", "pooling_mode", "median", "weightedmean"],
        ),
        (
            pooling("pooling_mode", json!([])),
            vec!["1_Pooling/config.json", "pooling_mode", "empty"],
        ),
        (
            pooling("pooling_mode_sum", json!(true)),
            vec!["1_Pooling/config.json", "pooling_mode_sum"],
        ),
        (
            of("2_Normalize/config.json", "module_input_name", json!("token_embeddings")),
            vec!["2_Normalize/config.json", "module_input_name", "token_embeddings"],
        ),
        (
            settings("similarity_fn_name", json!("maxsim")),
            vec!["config_sentence_transformers.json", "similarity_fn_name", "maxsim"],
        ),
        (settings("model_type", json!("SparseEncoder")), vec!["model_type", "SparseEncoder"]),
        (settings("default_prompt_name", json!("query2")), vec!["default_prompt_name", "query2"]),
        (
            of("tokenizer_config.json", "truncation_side", json!("middle")),
            vec!["tokenizer_config.json", "middle"],
        ),
    ] {
        let folder = with_files(&files);
        assert_names(&folder.fails(&["embed", "--model", "sentences", "the cat"]), &parts);
    }
}

#[test]
fn the_error_for_a_dense_layer_of_the_wrong_size_names_file_and_key() {
    let variants = variants("embed");
    let dense = variants.iter().find(|variant| variant["name"] == "dense").unwrap();
    for (key, value, parts) in [
        ("in_features", json!(24), vec!["in_features", "24", "12"]),
        ("out_features", json!(6), vec!["linear.weight", "[5, 12]", "[6, 12]"]),
        ("bias", json!(false), vec!["linear.bias", "not part of the model"]),
        (
            "activation_function",
            json!("torch.nn.modules.activation.Mish"),
            vec!["activation_function", "Mish", "Tanh"],
        ),
        ("activation_function", json!("custom.Tanh"), vec!["activation_function", "custom.Tanh"]),
        ("use_residual", json!(true), vec!["residual.weight"]),
        ("module_output_name", json!("token_embeddings"), vec!["module_output_name"]),
        ("scale", json!(2.0), vec!["scale"]),
    ] {
        let mut files = dense["files"].clone();
        files["2_Dense/config.json"][key] = value;
        let message = with_files(&files).fails(&["embed", "--model", "sentences", "x"]);
        assert_names(&message, &parts);
        assert_names(&message, &["2_Dense"]);
    }
}

#[test]
fn truncating_a_query_causes_a_warning() {
    let folder = folder();
    folder.write("corpus.txt", "one");
    let long = vec!["one"; 500].join(" ");
    let args = ["similar", "--model", "sentences", "--corpus", "corpus.txt", &long];
    let output = folder.command(&args).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["warning", "query", "truncated"]);
}
