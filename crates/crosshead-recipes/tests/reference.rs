//! `docs/recipes.md` names every key of a recipe, and its default.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crosshead_recipes::Recipe;

const TASKS: [&str; 5] = ["translate", "summarize", "classify", "language-model", "masked-lm"];

const SECTIONS: [&str; 6] = ["data", "tokenizer", "model", "train", "decode", "sample"];

/// A key that no section has.
const UNKNOWN: &str = "no_such_key";

/// A key in the tables of the reference.
#[derive(Debug)]
struct Row {
    /// The section; empty for the keys before all sections.
    section: String,
    key: String,
    default: String,
    /// The tasks whose recipes have the key.
    tasks: Vec<String>,
}

/// The rows of all tables.
fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recipes.md");
    let (mut section, mut group) = (String::new(), all_tasks());
    let mut rows = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        if let Some(heading) = line.strip_prefix("## `[") {
            section = heading.split(']').next().unwrap().to_owned();
            group = all_tasks();
        }
        let Some(cells) = line.strip_prefix("| ") else { continue };
        let cells: Vec<&str> = cells.split(" | ").collect();
        if let Some(tasks) = cells[0].strip_prefix("**") {
            group = tasks.split("**").next().unwrap().split(", ").map(str::to_owned).collect();
            continue;
        }
        let keys: Vec<&str> = backticked(cells[0]);
        let defaults: Vec<&str> = match keys.as_slice() {
            [_] => vec![cells[1].trim_end_matches(", or the pretrained model's")],
            _ if cells[1].split(", ").count() == keys.len() => cells[1].split(", ").collect(),
            keys => vec![cells[1]; keys.len()],
        };
        let only = cells.get(2).and_then(|meaning| meaning.split_once(':'));
        let only = only.filter(|(task, _)| section == "data" && TASKS.contains(task));
        let tasks = only.map_or(group.clone(), |(task, _)| vec![task.to_owned()]);
        rows.extend(keys.iter().zip(defaults).map(|(key, default)| Row {
            section: section.clone(),
            key: (*key).to_owned(),
            default: default.to_owned(),
            tasks: tasks.clone(),
        }));
    }
    rows
}

fn all_tasks() -> Vec<String> {
    TASKS.map(str::to_owned).to_vec()
}

/// What a text has between backticks.
fn backticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The shortest recipe of a task, with one more line in a section.
fn recipe(task: &str, section: &str, line: &str) -> String {
    let data = "[data]\ntrain = \"a.tsv\"\nvalid = \"b.tsv\"\n";
    match section {
        "" => format!("task = \"{task}\"\n{line}\n{data}"),
        "data" => format!("task = \"{task}\"\n{data}{line}\n"),
        section => format!("task = \"{task}\"\n{data}[{section}]\n{line}\n"),
    }
}

/// The keys that a section of a task's recipe may have, as the error of an unknown one lists them; none where the task does
/// not have the section.
fn accepted(task: &str, section: &str) -> Option<BTreeSet<String>> {
    let text = recipe(task, section, &format!("{UNKNOWN} = 1"));
    let message = Recipe::parse("r", &text, &[]).unwrap_err().to_string();
    let (_, message) = message.split_once(&format!("unknown field `{UNKNOWN}`"))?;
    Some(backticked(message).into_iter().map(str::to_owned).collect())
}

#[test]
fn every_key_is_named_and_no_other() {
    let rows = rows();
    for task in TASKS {
        for section in [""].iter().chain(&SECTIONS) {
            let Some(mut accepted) = accepted(task, section) else { continue };
            if section.is_empty() {
                accepted.retain(|key| !SECTIONS.contains(&key.as_str()));
            }
            let named: BTreeSet<String> = rows
                .iter()
                .filter(|row| row.section == *section && row.tasks.iter().any(|of| of == task))
                .map(|row| row.key.clone())
                .collect();
            assert!(!named.is_empty(), "[{section}] is not in docs/recipes.md");
            assert_eq!(named, accepted, "[{section}] of {task}");
        }
    }
}

/// Whether a default of the reference is a recipe's value; `None` where it is described in words.
fn agrees(default: &str, value: Option<&toml::Value>) -> Option<bool> {
    if default == "none" {
        let empty = value.is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
        return Some(empty);
    }
    let value = value?;
    if let Ok(number) = default.parse::<f64>() {
        let value = value.as_float().or(value.as_integer().map(|value| value as f64));
        return Some(value == Some(number));
    }
    let bare = default.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    match (bare, default.parse::<bool>()) {
        (Some(text), _) if !text.contains('`') => Some(value.as_str() == Some(text)),
        (_, Ok(flag)) => Some(value.as_bool() == Some(flag)),
        (_, Err(_)) => None,
    }
}

#[test]
fn defaults_are_those_of_a_recipe_that_says_nothing() {
    let mut compared = BTreeSet::new();
    for task in TASKS {
        let recipe = Recipe::parse("r", &recipe(task, "", ""), &[]).unwrap();
        let table: toml::Table = recipe.to_toml().parse().unwrap();
        for Row { section, key, default, tasks } in rows() {
            let values = match section.as_str() {
                "" => Some(&table),
                section => table.get(section).and_then(toml::Value::as_table),
            };
            let Some(values) = values.filter(|_| tasks.iter().any(|of| of == task)) else {
                continue;
            };
            if let Some(agrees) = agrees(&default, values.get(&key)) {
                let found = values.get(&key);
                assert!(agrees, "{section}.{key} of {task} is {found:?}, not {default}");
                compared.insert((section, key));
            }
        }
    }
    assert!(compared.len() > 30, "only {compared:?} have a default that can be compared");
}
