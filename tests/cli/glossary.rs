//! Glossaries: every term of a sentence comes out as given.

use crate::harness::{Folder, assert_names, stderr};

/// Translations of the numbers, which the model has hardly learned.
const TERMS: &str = "three\tdrei\nseven\tsieben|siebene\nnine five\tacht zwei\n";

/// The number of times that a phrase occurs as whole words.
fn count(text: &str, phrase: &str) -> usize {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let phrase = words(phrase);
    words(text).windows(phrase.len()).filter(|window| *window == phrase).count()
}

#[test]
fn every_term_of_every_sentence_comes_out() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &[]);
    folder.write("terms.tsv", TERMS);
    let digits = ["zero", "one", "two", "three", "seven", "nine", "five"];
    let sentences: Vec<String> = digits
        .iter()
        .flat_map(|first| digits.map(|second| format!("{first} {second}")))
        .step_by(3)
        .chain(["nine five".to_owned(), "three three".to_owned()])
        .collect();
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let args = ["translate", "--model", "run", "--max-tokens", "40"];
    let run = |more: &[&str]| -> (Vec<String>, String) {
        let args = [&args[..], more, &["--"], &sentences].concat();
        let output = folder.command(&args).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let lines = String::from_utf8(output.stdout.clone()).unwrap();
        (lines.lines().map(str::to_owned).collect(), stderr(&output))
    };
    let (free, _) = run(&[]);
    let (found, messages) = run(&["--glossary", "terms.tsv"]);
    assert_eq!(messages, "");
    let (mut wanted, mut counted, mut by_chance) = (0, 0, 0);
    for ((sentence, found), free) in sentences.iter().zip(&found).zip(&free) {
        let mut has_terms = false;
        for (source, target) in [("three", "drei"), ("seven", "sieben"), ("nine five", "acht zwei")]
        {
            let expected = count(sentence, source);
            has_terms |= expected > 0;
            wanted += expected;
            counted += expected.min(count(found, target));
            by_chance += expected.min(count(free, target));
        }
        if !has_terms {
            assert_eq!(found, free, "{sentence}");
        }
    }
    assert!(wanted >= 8 && by_chance < wanted, "{by_chance} of {wanted} without a glossary");
    assert_eq!(counted, wanted, "{found:?}");
}

#[test]
fn a_wrong_glossary_is_named_with_its_line() {
    let folder = Folder::empty();
    folder.write("terms.tsv", "one\tein\ntwo\n");
    let args = ["translate", "--model", "run", "--glossary", "terms.tsv", "two"];
    assert_names(&folder.fails(&args), &["terms.tsv", "line 2", "no translation"]);
    let output = folder
        .command(&["translate", "--model", "run", "--glossary-inflect", "two"])
        .output()
        .unwrap();
    assert_names(&stderr(&output), &["--glossary"]);
}
