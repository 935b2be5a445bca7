//! The reference as Markdown and as plain text.

use std::fmt::Write;

use super::entries::{Key, TaskDefault, keys};
use crate::TaskKind;
use crate::recipe::Choice;

/// The text of `docs/recipes.md`, with a line `{{SECTION}}` in place of the table of each section.
const TEMPLATE: &str = include_str!("template.md");

/// Maximum length of a line of plain text, in characters.
const WIDTH: usize = 100;

/// `docs/recipes.md`.
pub fn markdown() -> String {
    let keys = keys();
    let mut page = String::new();
    for line in TEMPLATE.lines() {
        match line.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
            Some(section) => {
                let section = if section == "recipe" { "" } else { section };
                page += &table(keys.iter().filter(|key| key.section == section));
            }
            None => {
                page += line;
                page.push('\n');
            }
        }
    }
    page
}

/// A table of keys.
fn table<'a>(keys: impl Iterator<Item = &'a Key>) -> String {
    let keys: Vec<&Key> = keys.collect();
    // If all keys belong to the same tasks, the heading of the section names the tasks.
    let is_uniform = keys.windows(2).all(|pair| tasks(pair[0]) == tasks(pair[1]));
    let mut table = "| key | type | default | meaning |\n|---|---|---|---|\n".to_owned();
    for key in keys {
        let default = default(key, |value| format!("`{value}`"));
        let tasks = tasks(key).filter(|_| !is_uniform);
        let tasks = tasks.map(|tasks| format!("*{tasks}:* ")).unwrap_or_default();
        let meaning = std::iter::once(format!("{tasks}{}", key.meaning));
        let choices = key.choices.iter().map(|choice| match choice.meaning.as_str() {
            "" => format!("`\"{}\"`", choice.value),
            meaning => format!("`\"{}\"`: {meaning}", choice.value),
        });
        let meaning = meaning.chain(choices).collect::<Vec<_>>().join("<br>").replace('|', "\\|");
        table += &format!("| `{}` | {} | {default} | {meaning} |\n", key.name, key.kind);
    }
    table
}

/// Keys as plain text: each with its type, default, meaning and allowed values.
pub fn listing(keys: &[Key]) -> String {
    let mut text = String::new();
    for key in keys {
        let default = match default(key, str::to_owned).as_str() {
            "–" => "unset by default".to_owned(),
            "required" => "required".to_owned(),
            default => format!("default {default}"),
        };
        let tasks = tasks(key).map(|tasks| format!("; {tasks}")).unwrap_or_default();
        wrap(&mut text, &format!("{}  ({}, {default}{tasks})", key.path(), key.kind), 0, 6);
        wrap(&mut text, &key.meaning, 4, 4);
        for Choice { value, meaning } in &key.choices {
            let colon = if meaning.is_empty() { "" } else { ": " };
            wrap(&mut text, &format!("\"{value}\"{colon}{meaning}"), 6, 6);
        }
    }
    text
}

/// Writes words on indented lines, the first with its own indent.
fn wrap(text: &mut String, words: &str, first: usize, indent: usize) {
    let mut width = None;
    for word in words.split(' ') {
        let len = word.chars().count();
        width = Some(match width {
            None => {
                let _ = write!(text, "{:first$}{word}", "");
                first + len
            }
            Some(width) if width + 1 + len > WIDTH => {
                let _ = write!(text, "\n{:indent$}{word}", "");
                indent + len
            }
            Some(width) => {
                let _ = write!(text, " {word}");
                width + 1 + len
            }
        });
    }
    text.push('\n');
}

/// The default of a key: one for all tasks, or one per group of tasks.
fn default(key: &Key, show: impl Fn(&str) -> String) -> String {
    if key.required {
        return "required".to_owned();
    }
    let show = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), &show);
    let mut groups: Vec<(&Option<String>, Vec<&str>)> = Vec::new();
    for TaskDefault { task, value } in &key.defaults {
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, tasks)) => tasks.push(task.name()),
            None => groups.push((value, vec![task.name()])),
        }
    }
    match groups.as_slice() {
        [(value, _)] => show(value),
        groups => {
            let group = |(value, tasks): &(&Option<String>, Vec<&str>)| {
                format!("{} ({})", show(value), tasks.join(", "))
            };
            groups.iter().map(group).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The tasks that have a key, if not all of them do.
fn tasks(key: &Key) -> Option<String> {
    if key.defaults.len() == TaskKind::ALL.len() {
        return None;
    }
    let names: Vec<&str> = key.defaults.iter().map(|default| default.task.name()).collect();
    Some(names.join(", "))
}
