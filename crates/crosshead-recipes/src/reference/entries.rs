//! The keys of all recipes, with their defaults.

use crate::recipe::{Choice, LoraSection, default_model, nearest, to_table};
use crate::{Recipe, TaskKind};

/// A key of recipes.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its section; empty for `task` and `init`.
    pub section: String,
    /// Its name in the section.
    pub name: String,
    /// The type of its value.
    pub kind: String,
    /// Whether it is required.
    pub required: bool,
    /// The tasks that have it, with the default for each.
    pub defaults: Vec<TaskDefault>,
    /// The allowed values, if there is a fixed set of them.
    pub choices: Vec<Choice>,
    /// Its meaning.
    pub meaning: String,
}

/// The default of a key in one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDefault {
    /// The task.
    pub task: TaskKind,
    /// The value in TOML syntax; `None` if the key is unset by default; its meaning then explains what applies.
    pub value: Option<String>,
}

/// A key that no recipe has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no recipe key or section `{key}`{}", did_you_mean(nearest.as_deref()))]
pub struct UnknownKey {
    /// The query.
    pub key: String,
    /// The key that was probably meant.
    pub nearest: Option<String>,
}

impl Key {
    /// The key with its section, such as `train.steps`.
    pub fn path(&self) -> String {
        match self.section.as_str() {
            "" => self.name.clone(),
            section => format!("{section}.{}", self.name),
        }
    }
}

/// Every key of every task, by section. A key with different meanings in two tasks occurs twice.
pub fn keys() -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for &task in TaskKind::ALL {
        let defaults = defaults(task);
        for schema in Recipe::keys(task) {
            let (section, name) = schema.path.split_once('.').unwrap_or(("", &schema.path));
            let value = match section {
                "" => None,
                section => defaults.get(section).and_then(|table| table.get(name)),
            };
            let default = TaskDefault { task, value: value.map(to_text) };
            let same = |key: &&mut Key| key.path() == schema.path && key.meaning == schema.meaning;
            if let Some(key) = keys.iter_mut().find(same) {
                key.defaults.push(default);
                let known = key.choices.clone();
                key.choices.extend(schema.choices.into_iter().filter(|new| !known.contains(new)));
                continue;
            }
            keys.push(Key {
                section: section.to_owned(),
                name: name.to_owned(),
                kind: schema.kind,
                required: schema.required,
                defaults: vec![default],
                choices: schema.choices,
                meaning: schema.meaning,
            });
        }
    }
    let mut sections: Vec<String> = Vec::new();
    for key in &keys {
        if !sections.contains(&key.section) {
            sections.push(key.section.clone());
        }
    }
    keys.sort_by_key(|key| sections.iter().position(|section| *section == key.section));
    keys
}

/// The keys that match a query: a key with its section, the name of a key alone, or a section.
///
/// # Errors
/// If there are none.
pub fn find(query: &str) -> Result<Vec<Key>, UnknownKey> {
    let keys = keys();
    let paths: Vec<String> = keys.iter().map(Key::path).collect();
    let is_asked = |key: &Key| {
        let exact = key.path() == query || key.section == query;
        exact || key.name == query && !paths.iter().any(|path| path == query)
    };
    let found: Vec<Key> = keys.iter().filter(|key| is_asked(key)).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let nearest = nearest(query, paths.iter().map(String::as_str)).map(str::to_owned);
    Err(UnknownKey { key: query.to_owned(), nearest })
}

/// The sections of a recipe for a task that sets no keys, with the shape of the default preset.
fn defaults(task: TaskKind) -> toml::Table {
    let text = format!("task = \"{task}\"\n[data]\ntrain = \"\"\nvalid = \"\"\n");
    let recipe = Recipe::parse("defaults", &text, &[])
        .unwrap_or_else(|error| unreachable!("{task} has a minimal recipe: {error}"));
    let mut table = to_table(&recipe);
    if let Some(data) = table.get_mut("data").and_then(toml::Value::as_table_mut) {
        data.remove("train");
        data.remove("valid");
    }
    table.insert("lora".to_owned(), to_table(&LoraSection::default()).into());
    if let Some(model) = table.get_mut("model").and_then(toml::Value::as_table_mut) {
        for (key, value) in default_model(Recipe::model_kind(task)) {
            model.entry(key).or_insert(value);
        }
    }
    table
}

/// A value in TOML syntax, with small numbers as powers of ten.
fn to_text(value: &toml::Value) -> String {
    match value {
        toml::Value::Float(number) if *number != 0.0 && number.abs() < 1e-3 => {
            format!("{number:e}")
        }
        value => value.to_string(),
    }
}

/// The end of an error message about a misspelled key.
fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}
