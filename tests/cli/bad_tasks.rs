//! Error messages of the other tasks.

use crate::harness::{Folder, assert_names, stderr};

/// A classifier and a language model that train within a second.
pub(crate) fn folder() -> Folder {
    let folder = Folder::with_toy_corpus();
    folder.write("labelled.tsv", "good\ta lovely film\nbad\tan awful film\n".repeat(10));
    folder.write("text.txt", "the cat sat on the mat.\n".repeat(20));
    folder.write(
        "classify.toml",
        r#"
task = "classify"
[data]
train = "labelled.tsv"
valid = "labelled.tsv"
[tokenizer]
vocab_size = 60
[model]
preset = "tiny"
max_len = 8
[train]
steps = 2
validate_every = 2
"#,
    );
    folder.write(
        "language-model.toml",
        r#"
task = "language-model"
[data]
train = "text.txt"
valid = "text.txt"
context = 16
[tokenizer]
kind = "char"
[model]
preset = "tiny"
[train]
steps = 2
validate_every = 2
"#,
    );
    folder
}

fn train(folder: &Folder, recipe: &str, more: &[&str]) -> String {
    let args = [&["train", recipe, "--out", "run"], more].concat();
    let output = folder.command(&args).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn an_error_for_an_unseen_label_names_file_and_line() {
    let folder = folder();
    folder.write("valid.tsv", "good\ta lovely film\nneutral\ta film\n");
    let message = folder.fails(&["train", "classify.toml", "--set", "data.valid=valid.tsv"]);
    assert_names(&message, &["valid.tsv", "line 2", "neutral", "bad, good"]);
    train(&folder, "classify.toml", &[]);
    let message = folder.fails(&["evaluate", "--model", "run", "--data", "valid.tsv"]);
    assert_names(&message, &["valid.tsv", "line 2", "neutral"]);
}

#[test]
fn a_class_without_examples_is_reported_and_kept() {
    let folder = folder();
    let labels = "data.labels=[\"bad\", \"good\", \"neutral\"]";
    let told = train(&folder, "classify.toml", &["--set", labels]);
    assert_names(&told, &["warning", "neutral"]);
    let json = folder.ok(&["classify", "--model", "run", "--json", "a film"]);
    assert!(json.contains("neutral"), "{json}");
    let names =
        folder.fails(&["train", "classify.toml", "--set", "data.names=[\"a\", \"b\", \"c\"]"]);
    assert_names(&names, &["data.names", "3 names", "2 labels"]);
}

#[test]
fn a_single_label_is_an_error() {
    let folder = folder();
    folder.write("labelled.tsv", "good\ta lovely film\n".repeat(4));
    assert_names(&folder.fails(&["train", "classify.toml"]), &["at least two"]);
}

#[test]
fn the_error_for_an_empty_document_names_the_line() {
    let folder = folder();
    folder.write("labelled.tsv", "good\ta lovely film\nbad\t \n");
    assert_names(&folder.fails(&["train", "classify.toml"]), &["labelled.tsv", "line 2", "empty"]);
    folder.write("text.txt", " \n\n");
    assert_names(&folder.fails(&["train", "language-model.toml"]), &["text.txt", "empty"]);
}

#[test]
fn a_document_longer_than_the_model_is_truncated_with_a_warning() {
    let folder = folder();
    let long = vec!["film"; 100].join(" ");
    folder.write("labelled.tsv", format!("good\t{long}\nbad\tan awful film\n").repeat(4));
    let told = train(&folder, "classify.toml", &["--set", "data.max_len=8"]);
    assert_names(&told, &["4 truncated (more than 8 tokens)"]);
    let output = folder.command(&["classify", "--model", "run", &long]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["warning", "text 1", "truncated"]);
    let beyond =
        folder.fails(&["train", "classify.toml", "--out", "other", "--set", "data.max_len=9"]);
    assert_names(&beyond, &["data.max_len", "9", "8"]);
}

#[test]
fn an_empty_prompt_starts_a_line_and_a_long_one_keeps_its_end() {
    let folder = folder();
    train(&folder, "language-model.toml", &[]);
    let generate = ["generate", "--model", "run", "--max-tokens", "40"];
    let empty = folder.ok(&[&generate[..], &[""]].concat());
    assert!(!empty.trim().is_empty(), "an empty prompt begins a text");
    let long = "the cat sat on the mat. ".repeat(10);
    let output = folder.command(&[&generate[..], &[&long]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["warning", "prompt 1", "only its end was used"]);
    assert!(String::from_utf8(output.stdout).unwrap().starts_with(&long));
    let zero = folder.fails(&[&generate[..], &["--top-p", "0", "x"]].concat());
    assert_names(&zero, &["top_p"]);
}

#[test]
fn a_text_shorter_than_the_context_is_an_error() {
    let folder = folder();
    folder.write("text.txt", "short\n");
    assert_names(&folder.fails(&["train", "language-model.toml"]), &["text.txt", "data.context"]);
}

#[test]
fn a_model_of_a_different_task_is_an_error() {
    let folder = folder();
    train(&folder, "language-model.toml", &[]);
    for command in ["classify", "translate", "fill-mask"] {
        assert_names(
            &folder.fails(&[command, "--model", "run", "x"]),
            &["config.json", "model_type"],
        );
    }
}

#[test]
fn translation_options_are_an_error_when_evaluating_other_tasks() {
    let folder = folder();
    train(&folder, "classify.toml", &[]);
    let evaluate = ["evaluate", "--model", "run", "--data", "labelled.tsv"];
    for (option, value) in [("--beams", "2"), ("--to", "de"), ("--from", "de"), ("--prefix", "x")] {
        let message = folder.fails(&[&evaluate[..], &[option, value]].concat());
        assert_names(&message, &[option, "classify"]);
    }
}

#[test]
fn errors_for_keys_of_a_different_task_name_them() {
    let folder = folder();
    let fails = |set: &str| folder.fails(&["train", "classify.toml", "--set", set]);
    assert_names(&fails("decode.beams=2"), &["decode"]);
    assert_names(&fails("model.n_encoder_layers=2"), &["model.n_encoder_layers", "n_layers"]);
    assert_names(&fails("model.preset=gpt2"), &["model.preset", "bert-base"]);
    assert_names(&fails("train.select=bleu"), &["train.select", "accuracy"]);
    assert_names(&fails("init=nowhere"), &["tokenizer.vocab_size", "init"]);
}
