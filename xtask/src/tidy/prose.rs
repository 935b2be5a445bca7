//! Phrases that must not appear in help texts, comments, error messages or documentation pages.
//!
//! They are literal translations whose meaning a reader would have to guess; each has a usual English equivalent. The
//! check looks at one line at a time, so a phrase that is broken over two lines is not found.

use std::path::Path;

use super::Finding;

/// The list of phrases.
const THIS_FILE: &str = "xtask/src/tidy/prose.rs";

/// A phrase in lowercase, and what to write instead.
const PHRASES: [(&str, &str); 37] = [
    ("a limit of length", "a length limit"),
    ("anew", "again"),
    ("are told", "are reported"),
    ("behind it", "after it"),
    ("behind the last", "after the last"),
    ("behind the prompt", "after the prompt"),
    ("behind the source", "after the source"),
    ("can be had", "are available"),
    ("for pictures", "for visualization"),
    ("from a size on", "from size N"),
    ("go on with", "continue, resume"),
    ("goes on with", "continues, resumes"),
    ("going on with", "continuing, resuming"),
    ("gone on with", "continued, resumed"),
    ("goes on from", "continues from"),
    ("heed", "follow, obey"),
    ("is told", "is reported, is an error"),
    ("of its own", "its own, separate"),
    ("of their own", "their own, separate"),
    ("one of the relatives", "one of the family"),
    ("put a value over", "override a value"),
    ("save for", "except"),
    ("small letters", "lowercase"),
    ("stand around", "surround; for tokens: special tokens"),
    ("stands around", "surrounds; for tokens: special tokens"),
    ("stands behind", "follows"),
    ("stands before", "precedes"),
    ("stands in", "is in"),
    ("texts are searched for", "texts are decoded"),
    ("thereby", "so"),
    ("truth value", "boolean"),
    ("behind the norm", "after the norm"),
    ("products of few rows", "matrix multiplications with few rows"),
    ("as the model says", "as in the model's configuration"),
    ("texts decoded together", "batch size"),
    ("lies outside", "is outside"),
    ("what comes out", "the result"),
];

/// The word before "is no", and the words after it, that make it plain English: "there is no file", "is no longer".
const BEFORE_IS_NO: &str = "there";
const AFTER_IS_NO: [&str; 4] = ["longer", "more", "less", "such"];

/// Banned phrases in the file at `path`, relative to the workspace's root.
pub(super) fn check(path: &Path, text: &str) -> Vec<Finding> {
    if path == Path::new(THIS_FILE) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.to_lowercase();
        for (phrase, instead) in PHRASES.iter().filter(|(phrase, _)| has_phrase(&line, phrase)) {
            let message = format!("\"{phrase}\" is not idiomatic English: write \"{instead}\"");
            findings.push(Finding::new(path, number, message));
        }
        if has_is_no(&line) {
            let message = "\"is no\" with a noun is not idiomatic English: write \"is not a\"";
            findings.push(Finding::new(path, number, message));
        }
    }
    findings
}

/// Whether `line` has `phrase` with no letter, digit or underscore next to it.
fn has_phrase(line: &str, phrase: &str) -> bool {
    positions(line, phrase).next().is_some()
}

fn positions(line: &str, phrase: &str) -> impl Iterator<Item = usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(phrase).map(|(start, _)| start).filter(move |start| {
        !line[..*start].ends_with(is_word) && !line[start + phrase.len()..].starts_with(is_word)
    })
}

/// Whether `line` contains "is no file" or the like.
fn has_is_no(line: &str) -> bool {
    const PHRASE: &str = "is no";
    positions(line, PHRASE).any(|start| {
        let before = line[..start].trim_end();
        let after = line[start + PHRASE.len()..].trim_start();
        let next = after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        !before.ends_with(BEFORE_IS_NO)
            && !AFTER_IS_NO.contains(&next)
            && !next.ends_with("er")
            && !next.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(Path::new(path), text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_banned_phrase_is_found_in_comments_and_strings() {
        assert_eq!(lines("xtask/src/a.rs", "//! Ok.\n// Go on with a text.\n"), [2]);
        assert_eq!(lines("tests/a.rs", "bail!(\"the norm behind the last layer\")\n"), [1]);
        assert_eq!(lines("docs/page.md", "Attention weights can be had.\n"), [1]);
    }

    #[test]
    fn words_that_contain_a_phrase_are_left_alone() {
        assert_eq!(lines("tests/a.rs", "let heedless = renew(\"wheedle\");\n"), [0; 0]);
    }

    #[test]
    fn is_no_is_found_before_a_noun() {
        for line in ["it is no file", "`x` is no figure of this task", "what is no path is kept"] {
            assert_eq!(lines("tests/a.rs", line), [1], "{line}");
        }
        for line in [
            "there is no file",
            "where there is no GPU",
            "it is no longer read",
            "it is no slower",
            "this is not a file",
            "There is no",
        ] {
            assert_eq!(lines("tests/a.rs", line), [0; 0], "{line}");
        }
    }

    #[test]
    fn the_list_of_phrases_is_not_checked() {
        assert_eq!(lines(THIS_FILE, "go on with"), [0; 0]);
    }

    #[test]
    fn each_phrase_is_in_lowercase_and_listed_once() {
        assert!(PHRASES.iter().all(|(phrase, _)| *phrase == phrase.to_lowercase()));
        let mut phrases = PHRASES.map(|(phrase, _)| phrase).to_vec();
        phrases.sort_unstable();
        phrases.dedup();
        assert_eq!(phrases.len(), PHRASES.len());
    }
}
