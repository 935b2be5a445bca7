//! Byte order marks, UTF-16 and all line endings, in standard input and in every kind of file.

use std::fs;

use crate::harness::{Folder, assert_names, error_of, files};
use crate::models::{COMMANDS, answers, folder, run};
use crate::{embed, translators};

const MARK: &str = "\u{feff}";

fn utf_16(text: &str) -> Vec<u8> {
    format!("{MARK}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn byte_order_marks_and_line_endings_do_not_change_the_output() {
    let folder = folder();
    for (args, line) in COMMANDS {
        let expected = answers(&folder, args, format!("{line}\n{line}\n").as_bytes());
        for (mark, end, last) in [(MARK, "\n", "\n"), (MARK, "\r\n", ""), ("", "\r", "\r")] {
            let input = format!("{mark}{line}{end}{line}{last}");
            assert_eq!(answers(&folder, args, input.as_bytes()), expected, "{args:?}, {input:?}");
        }
        assert_eq!(answers(&folder, args, MARK.as_bytes()), "", "{args:?}");
        let output = run(&folder, args, &utf_16(&format!("{line}\r\n")));
        assert_names(&error_of(args, &output), &["standard input", "UTF-16", "convert"]);
        let output = run(&folder, args, format!("{line}\n{line}\0\n").as_bytes());
        assert_names(&error_of(args, &output), &["standard input, line 2", "NUL", "UTF-16"]);
    }
}

#[test]
fn a_corpus_and_texts_to_embed_are_read_in_every_encoding() {
    let folder = Folder::with_toy_corpus();
    embed::add_sentences(&folder);
    let similar = |corpus: &[u8]| {
        folder.write("corpus.txt", corpus);
        ["similar", "--model", "sentences", "--corpus", "corpus.txt", "--json", "one"]
    };
    let expected = folder.ok(&similar(b"one\n\ntwo\nthree\n"));
    assert_eq!(expected.lines().count(), 3);
    for corpus in ["\u{feff}one\r\n\r\ntwo\r\nthree", "\u{feff}one\r\rtwo\rthree\r"] {
        assert_eq!(folder.ok(&similar(corpus.as_bytes())), expected, "{corpus:?}");
    }
    let message = folder.fails(&similar(&utf_16("one\r\ntwo\r\n")));
    assert_names(&message, &["corpus.txt", "UTF-16", "convert"]);
    assert_names(&folder.fails(&similar(b"one\n\xff\n")), &["corpus.txt, line 2", "UTF-8"]);
    assert_names(&folder.fails(&similar(b"one\n\n\0\n")), &["corpus.txt, line 3", "NUL"]);

    let long = format!("one\n\n{}\n", "one ".repeat(500));
    let output = folder.command(&similar(long.as_bytes())).output().unwrap();
    assert_names(&String::from_utf8_lossy(&output.stderr), &["warning: line 3"]);

    let out = ["embed", "--model", "sentences", "--out", "vectors.jsonl"];
    answers(&folder, &out, "\u{feff}one\r\n\r\ntwo".as_bytes());
    let vectors = fs::read_to_string(folder.path("vectors.jsonl")).unwrap();
    let texts: Vec<&str> = vectors.lines().map(|line| &line[..14]).collect();
    assert_eq!(texts, ["{\"text\":\"one\",", "{\"text\":\"\",\"em", "{\"text\":\"two\","]);
}

#[test]
fn data_files_with_cr_line_endings_train_and_evaluate_like_others() {
    let folder = Folder::with_toy_corpus();
    let corpus = fs::read_to_string(folder.path("toy.tsv")).unwrap();
    folder.train("run", &[]);
    folder.write("toy.tsv", format!("{MARK}{}", corpus.replace('\n', "\r")));
    folder.train("other", &[]);
    let weights =
        |run: &str| fs::read(folder.path(&format!("{run}/model/model.safetensors"))).unwrap();
    assert!(weights("run") == weights("other"), "the same rows must give the same model");
    folder.write("toy.tsv", utf_16(&corpus));
    let message = folder.fails(&["evaluate", "--model", "run", "--data", "toy.tsv"]);
    assert_names(&message, &["toy.tsv", "UTF-16", "convert"]);
}

#[test]
fn text_files_of_a_model_may_start_with_a_byte_order_mark() {
    let folder = Folder::with_toy_corpus();
    translators::add_translator(&folder, "mbart50");
    embed::add_sentences(&folder);
    let translate = ["translate", "--model", "model", "--to", "sl_SI", "the cat sat"];
    let embed = ["embed", "--model", "sentences", "the cat sat"];
    let expected = [folder.ok(&translate), folder.ok(&embed)];
    let mut marked = Vec::new();
    for path in files(&folder.path("")) {
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, format!("{MARK}{text}")).unwrap();
            marked.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    for name in [
        "config.json",
        "generation_config.json",
        "tokenizer_config.json",
        "tokenizer.json",
        "modules.json",
    ] {
        assert!(marked.iter().any(|marked| marked == name), "{name}");
    }
    assert_eq!([folder.ok(&translate), folder.ok(&embed)], expected);
    folder.write("model/config.json", utf_16("{}"));
    assert_names(&folder.fails(&translate), &["config.json", "UTF-16"]);
}

#[test]
fn a_recipe_may_start_with_a_byte_order_mark() {
    let folder = Folder::with_toy_corpus();
    folder.write("tiny.toml", format!("{MARK}{}", crate::harness::TINY));
    folder.train("run", &[]);
    let recipe = fs::read_to_string(folder.path("run/recipe.toml")).unwrap();
    folder.write("run/recipe.toml", format!("{MARK}{recipe}"));
    folder.train("run", &["--resume"]);
    folder.ok(&["evaluate", "--model", "run", "--data", "toy.tsv"]);
    folder.write("tiny.toml", utf_16(crate::harness::TINY));
    assert_names(&folder.fails(&["train", "tiny.toml"]), &["tiny.toml", "UTF-16"]);
}
