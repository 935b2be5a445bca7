//! The reference of recipe keys has the keys, defaults and values that parsing accepts, and `docs/recipes.md` is up to date.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crosshead_recipes::reference::{self, Key};
use crosshead_recipes::{Recipe, TaskKind};

const SECTIONS: [&str; 8] =
    ["data", "tokenizer", "model", "train", "lora", "decode", "distill", "sample"];

/// A key that no section has, and a value that no key has.
const UNKNOWN: &str = "no_such_thing";

/// A minimal recipe for a task, with one more line in a section.
fn recipe(task: TaskKind, section: &str, line: &str) -> String {
    let data = "[data]\ntrain = \"a.tsv\"\nvalid = \"b.tsv\"\n";
    match section {
        "" => format!("task = \"{task}\"\n{line}\n{data}"),
        "data" => format!("task = \"{task}\"\n{data}{line}\n"),
        "lora" => format!("task = \"{task}\"\ninit = \"model\"\n{data}[lora]\n{line}\n"),
        section => format!("task = \"{task}\"\n{data}[{section}]\n{line}\n"),
    }
}

/// The names in backticks that an error lists after a phrase, without the suggestion at its end; `None` if it does not
/// contain the phrase.
fn listed(task: TaskKind, section: &str, line: &str, phrase: &str) -> Option<BTreeSet<String>> {
    let message = Recipe::parse("r", &recipe(task, section, line), &[]).unwrap_err().to_string();
    let (_, list) = message.split_once(&format!("{phrase} `{UNKNOWN}`, expected"))?;
    let list = list.split("; did you mean").next().unwrap_or_default();
    Some(list.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

/// The keys of a task's section in the reference.
fn keys<'a>(all: &'a [Key], task: TaskKind, section: &str) -> Vec<&'a Key> {
    all.iter()
        .filter(|key| key.section == section)
        .filter(|key| key.defaults.iter().any(|default| default.task == task))
        .collect()
}

#[test]
fn the_keys_are_those_that_parsing_accepts() {
    let all = reference::keys();
    for &task in TaskKind::ALL {
        for section in [""].iter().chain(&SECTIONS) {
            let line = format!("{UNKNOWN} = 1");
            let named: BTreeSet<String> =
                keys(&all, task, section).iter().map(|key| key.name.clone()).collect();
            let Some(mut accepted) = listed(task, section, &line, "unknown field") else {
                assert!(named.is_empty(), "[{section}] of {task}: {named:?}");
                continue;
            };
            match *section {
                "" => accepted.retain(|key| !SECTIONS.contains(&key.as_str())),
                // The section is shared by all kinds of model; a value shows which keys this task's kind has.
                "model" => accepted.retain(|key| {
                    let text = recipe(task, section, &format!("{key} = {}", example(key)));
                    Recipe::parse("r", &text, &[]).is_ok()
                }),
                _ => {}
            }
            assert_eq!(named, accepted, "[{section}] of {task}");
        }
    }
}

/// A valid value for a key of `[model]`.
fn example(key: &str) -> &'static str {
    match key {
        "preset" => "\"tiny\"",
        "family" => "\"llama\"",
        "norm_order" => "\"pre\"",
        "activation" => "\"silu\"",
        key if key.ends_with("dropout") => "0.5",
        _ => "16",
    }
}

#[test]
fn the_choices_are_those_that_parsing_accepts() {
    let mut compared = 0;
    for key in reference::keys().iter().filter(|key| key.kind == "choice" && key.name != "task") {
        let line = format!("{} = \"{UNKNOWN}\"", key.name);
        let accepted = listed(key.defaults[0].task, &key.section, &line, "unknown variant");
        let named = key.choices.iter().map(|choice| choice.value.clone()).collect();
        assert_eq!(accepted, Some(named), "{}", key.path());
        compared += 1;
    }
    assert!(compared >= 5, "only {compared} keys with choices");
    // Enums of other crates: the doc comments of the keys list their values.
    for key in ["norm_order", "activation"] {
        let unknown = format!("{key} = \"{UNKNOWN}\"");
        let values = listed(TaskKind::Translate, "model", &unknown, "unknown variant").unwrap();
        let meaning = reference::find(key).unwrap().remove(0).meaning;
        for value in values {
            let text = recipe(TaskKind::Translate, "model", &format!("{key} = \"{value}\""));
            let is_accepted = Recipe::parse("r", &text, &[]).is_ok();
            assert_eq!(meaning.contains(&format!("`{value}`")), is_accepted, "{key} {value}");
        }
    }
}

#[test]
fn a_default_that_is_set_changes_nothing() {
    for key in reference::keys() {
        for default in &key.defaults {
            let Some(value) = &default.value else { continue };
            let (task, line) = (default.task, format!("{} = {value}", key.name));
            let parse = |line: &str| {
                Recipe::parse("r", &recipe(task, &key.section, line), &[])
                    .unwrap_or_else(|error| panic!("{} of {task}: {error}", key.path()))
            };
            if key.section == "model" {
                parse(&line);
                continue;
            }
            assert_eq!(parse(&line), parse(""), "{} of {task}", key.path());
        }
    }
}

#[test]
fn every_key_is_explained() {
    for key in reference::keys() {
        assert!(key.meaning.ends_with('.'), "{}: {}", key.path(), key.meaning);
        assert!(!key.kind.is_empty(), "{}", key.path());
    }
}

#[test]
fn keys_are_found_by_path_by_name_and_by_section() {
    let paths = |query: &str| -> Vec<String> {
        reference::find(query).unwrap().iter().map(Key::path).collect()
    };
    assert_eq!(paths("train.steps"), ["train.steps"]);
    assert_eq!(paths("vocab_size"), ["tokenizer.vocab_size"]);
    assert_eq!(paths("distill"), ["distill.teacher", "distill.temperature", "distill.weight"]);
    assert!(paths("max_len").contains(&"model.max_len".to_owned()));
    let message = reference::find("train.stepps").unwrap_err().to_string();
    assert!(message.ends_with("did you mean `train.steps`?"), "{message}");
}

#[test]
fn a_listing_has_type_default_and_meaning() {
    let listing = reference::listing(&reference::find("train.beta2").unwrap());
    assert!(listing.starts_with("train.beta2  (number, default 0.98)\n    Adam's β₂"), "{listing}");
    let listing = reference::listing(&reference::find("tokenizer.kind").unwrap());
    assert!(listing.contains("\"bpe\" (translate, summarize, span-corruption)"), "{listing}");
    assert!(listing.lines().all(|line| line.chars().count() <= 160), "{listing}");
}

#[test]
fn the_page_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recipes.md");
    let page = fs::read_to_string(page).unwrap();
    assert!(page == reference::markdown(), "docs/recipes.md: run `cargo xtask docs`");
}
