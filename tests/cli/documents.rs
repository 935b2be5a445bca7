//! `crosshead translate -i FILE -o FILE`, and texts of several sentences.

use std::fs::{self, File};

use crate::harness::{Folder, assert_names, stderr};
use crate::translators::assemble;

const SENTENCES: [&str; 5] =
    ["The end time is not valid.", "Who is it?", "Two days ago!", "Good morning", "It is late."];

/// A folder with a small random model, and the translation of each sentence.
fn folder() -> (Folder, Vec<String>) {
    let (folder, _) = assemble("marian");
    let mut args = vec!["translate", "--model", "model"];
    args.extend(SENTENCES);
    let translations = folder.ok(&args).lines().map(str::to_owned).collect();
    (folder, translations)
}

/// Replaces each sentence by its translation.
fn translated(text: &str, translations: &[String], escape: impl Fn(&str) -> String) -> String {
    let pairs = SENTENCES.iter().zip(translations);
    pairs.fold(text.to_owned(), |text, (sentence, translation)| {
        text.replace(sentence, &escape(translation))
    })
}

#[test]
fn a_document_is_its_sentences_joined() {
    let (folder, translations) = folder();
    let text = format!(
        "{}  {}\n\n\t{}\r\n{} {}",
        SENTENCES[0], SENTENCES[1], SENTENCES[3], SENTENCES[2], SENTENCES[4]
    );
    folder.write("in.txt", &text);
    folder.ok(&["translate", "--model", "model", "-i", "in.txt", "-o", "out.txt"]);
    let found = fs::read_to_string(folder.path("out.txt")).unwrap();
    assert_eq!(found, translated(&text, &translations, str::to_owned));
}

#[test]
fn a_page_keeps_its_markup() {
    let (folder, translations) = folder();
    let page = format!(
        "<p class=x>{} {}</p><!-- -->\n<ul><li>{}<li>{{x}}</ul>",
        SENTENCES[0], SENTENCES[4], SENTENCES[3]
    );
    folder.write("in.html", &page);
    folder.ok(&["translate", "--model", "model", "-i", "in.html", "-o", "out.html"]);
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let found = fs::read_to_string(folder.path("out.html")).unwrap();
    assert_eq!(found, translated(&page, &translations, escape));
}

#[test]
fn a_text_of_several_sentences_is_their_translations_joined() {
    let (folder, translations) = folder();
    let text = SENTENCES[..3].join(" ");
    let found = folder.ok(&["translate", "--model", "model", &text]);
    assert_eq!(found.trim_end_matches('\n'), translations[..3].join(" "));
    folder.write("lines.txt", format!("{text}\n\n{}\n", SENTENCES[3]));
    let input = File::open(folder.path("lines.txt")).unwrap();
    let output =
        folder.command(&["translate", "--model", "model", "-"]).stdin(input).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let expected = [translations[..3].join(" "), String::new(), translations[3].clone()];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn documents_that_cannot_be_translated_are_named_and_nothing_is_written() {
    let (folder, _) = folder();
    folder.write("a.json", "{\n\"text\": }");
    folder.write("a.xyz", "text");
    folder.write("a.tsv", "a\tb\n");
    folder.write("a.txt", b"a\n\xff");
    let cases: [(&str, &[&str], &[&str]); 6] = [
        ("a.json", &["--fields", "text"], &["a.json", "line 2"]),
        ("a.json", &[], &["a.json", "--fields"]),
        ("a.xyz", &[], &["a.xyz", "--format", "docx"]),
        ("a.tsv", &["--columns", "3"], &["a.tsv", "line 1", "column 3"]),
        ("a.txt", &["--fields", "text"], &["a.txt", "--fields"]),
        ("a.txt", &[], &["a.txt", "line 2", "UTF-8"]),
    ];
    for (input, options, names) in cases {
        let args = ["translate", "--model", "model", "-i", input, "-o", "out"];
        assert_names(&folder.fails(&[&args, options].concat()), names);
        assert!(!folder.path("out").exists());
    }
}

#[test]
fn options_of_documents_need_a_document() {
    let (folder, _) = folder();
    for option in [["--fields", "a"], ["--columns", "2"], ["--format", "txt"]] {
        let args = [&["translate", "--model", "model", "text"], &option[..]].concat();
        assert_names(&folder.fails(&args), &[option[0], "--file"]);
    }
    let both = ["translate", "--model", "model", "-i", "a.txt", "-o", "b.txt", "text"];
    let output = folder.command(&both).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn a_document_can_come_from_standard_input_and_go_to_standard_output() {
    let (folder, translations) = folder();
    let text = format!("{}\n\n{}\n", SENTENCES[0], SENTENCES[3]);
    folder.write("in.txt", &text);
    let expected = translated(&text, &translations, str::to_owned);
    assert_eq!(folder.ok(&["translate", "--model", "model", "-i", "in.txt"]), expected);
    let input = File::open(folder.path("in.txt")).unwrap();
    let args = ["translate", "--model", "model", "-i", "-", "--format", "txt", "-o", "out.txt"];
    assert!(folder.command(&args).stdin(input).status().unwrap().success());
    assert_eq!(fs::read_to_string(folder.path("out.txt")).unwrap(), expected);
}
