//! Embeddings, and the sentences that are most similar to a query.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{Folder, assert_names, stderr};

/// A folder with the directory `sentences`.
pub(crate) fn folder() -> Folder {
    let folder = Folder::with_toy_corpus();
    add_sentences(&folder);
    folder
}

/// Adds the directory `sentences` of a random sentence encoder.
pub(crate) fn add_sentences(folder: &Folder) {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/sentences-tiny");
    fs::create_dir_all(folder.path("sentences/1_Pooling")).unwrap();
    for file in [
        "config.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "1_Pooling/config.json",
    ] {
        folder.write(&format!("sentences/{file}"), fs::read(format!("{fixtures}/{file}")).unwrap());
    }
}

/// Texts and their embeddings computed with PyTorch.
fn expected() -> Vec<(String, Vec<f64>)> {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/sentences-tiny/expected.jsonl");
    let text = fs::read_to_string(path).unwrap();
    let parsed = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed
        .map(|line| (line["text"].as_str().unwrap().to_owned(), vector(&line["embedding"])))
        .collect()
}

pub(crate) fn vector(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
    }
}

#[test]
fn embeddings_equal_those_of_pytorch() {
    let folder = folder();
    let expected = expected();
    let texts: Vec<&str> = expected.iter().map(|(text, _)| text.as_str()).collect();
    let found = folder.ok(&[&["embed", "--model", "sentences"], &texts[..]].concat());
    for (line, (text, vector_of)) in found.lines().zip(&expected) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["text"], json!(text));
        assert_near(&vector(&line["embedding"]), vector_of);
    }
    assert_eq!(found.lines().count(), expected.len());
}

#[test]
fn each_line_of_standard_input_becomes_a_row_of_the_matrix() {
    let folder = folder();
    let expected = expected();
    for out in ["vectors.npy", "vectors.safetensors", "vectors.jsonl"] {
        let args = ["embed", "--model", "sentences", "-", "--out", out];
        let mut child = folder.command(&args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for (text, _) in &expected {
            writeln!(stdin, "{text}").unwrap();
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
        let bytes = fs::read(folder.path(out)).unwrap();
        let values: Vec<f64> = if out.ends_with("jsonl") {
            let lines = std::str::from_utf8(&bytes).unwrap().lines();
            lines
                .flat_map(|line| vector(&serde_json::from_str::<Value>(line).unwrap()["embedding"]))
                .collect()
        } else {
            let header = if out.ends_with("npy") {
                assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
                10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))
            } else {
                8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
            };
            assert_eq!(header % 8, 0);
            let shape = format!("{}, {}", expected.len(), expected[0].1.len());
            let text =
                String::from_utf8_lossy(&bytes[..header]).replace(',', ", ").replace(",  ", ", ");
            assert!(text.contains(&shape), "{text}");
            let (values, rest) = bytes[header..].as_chunks();
            assert!(rest.is_empty());
            values.iter().map(|&value| f64::from(f32::from_le_bytes(value))).collect()
        };
        assert_near(
            &values,
            &expected.iter().flat_map(|(_, vector)| vector.clone()).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn a_sentence_is_most_similar_to_itself() {
    let folder = folder();
    let texts = expected().into_iter().map(|(text, _)| text);
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    folder.write("corpus.txt", texts.join("\n"));
    for text in &texts {
        let found = folder.ok(&[
            "similar",
            "--model",
            "sentences",
            "--corpus",
            "corpus.txt",
            "--top",
            "2",
            text,
        ]);
        let lines: Vec<&str> = found.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], format!("1.0000\t{text}"));
        assert!(lines[1] < lines[0]);
    }
    let args = ["similar", "--model", "sentences", "--corpus", "corpus.txt", "--json", &texts[0]];
    let first: Value = serde_json::from_str(folder.ok(&args).lines().next().unwrap()).unwrap();
    assert_eq!(first["text"], json!(texts[0]));
}

#[test]
fn a_text_longer_than_the_model_is_truncated_with_a_warning() {
    let folder = folder();
    let long = vec!["one"; 500].join(" ");
    let output = folder.command(&["embed", "--model", "sentences", &long]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["warning", "text 1", "truncated"]);
}

#[test]
fn errors_name_the_cause() {
    let folder = folder();
    let embed =
        |more: &[&str]| folder.fails(&[&["embed", "--model", "sentences", "x"], more].concat());
    assert_names(
        &embed(&["--out", "vectors.csv"]),
        &["vectors.csv", ".jsonl", ".npy", ".safetensors"],
    );
    assert_names(&embed(&["--out", "no/such/vectors.npy"]), &["no/such/vectors.npy"]);
    assert_names(&folder.fails(&["embed", "--model", "nowhere", "x"]), &["nowhere"]);
    let similar = |corpus| ["similar", "--model", "sentences", "--corpus", corpus, "x"];
    assert_names(&folder.fails(&similar("missing.txt")), &["missing.txt"]);
    folder.write("blank.txt", "\n \n");
    assert_names(&folder.fails(&similar("blank.txt")), &["blank.txt", "no line"]);
    folder.write(
        "sentences/modules.json",
        json!([{ "idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.CLIPModel" }]).to_string(),
    );
    assert_names(&embed(&[]), &["modules.json", "CLIPModel", "Transformer"]);
    folder.write("sentences/modules.json", "[");
    assert_names(&embed(&[]), &["modules.json", "line 1"]);
}
