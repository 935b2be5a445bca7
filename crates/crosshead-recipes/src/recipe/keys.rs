//! The keys of a recipe, as the types of its sections describe them: doc comments, types and allowed values.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::nearest::nearest;

/// A key as the types of a recipe describe it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeySchema {
    /// The key, such as `train.steps`; `task` and `init` have no section.
    pub(crate) path: String,
    /// The type of its value.
    pub(crate) kind: String,
    /// Whether it is required.
    pub(crate) required: bool,
    /// Its meaning: the doc comment of the field.
    pub(crate) meaning: String,
    /// The allowed values, if there is a fixed set of them.
    pub(crate) choices: Vec<Choice>,
}

/// An allowed value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// Its meaning; empty if the value is self-explanatory.
    pub meaning: String,
}

/// The keys of a recipe, in the order of the fields.
pub(crate) fn keys<R: JsonSchema>() -> Vec<KeySchema> {
    let root = schemars::schema_for!(R).to_value();
    let mut keys = Vec::new();
    for (name, property) in properties(&root) {
        let section = resolve(&root, property);
        if section.get("properties").is_none() {
            keys.push(key(&root, &root, name.clone(), name, property));
            continue;
        }
        for (inner, property) in properties(section) {
            keys.push(key(&root, section, format!("{name}.{inner}"), inner, property));
        }
    }
    keys
}

/// The first unknown key in a table: its path, and the key that was probably meant.
pub(crate) fn unknown_key<'k>(
    table: &toml::Table,
    keys: &'k [KeySchema],
) -> Option<(String, Option<&'k str>)> {
    let paths = || keys.iter().map(|key| key.path.as_str());
    let sections = || paths().filter_map(|path| path.split_once('.')).map(|(section, _)| section);
    let is_known = |path: &str| paths().any(|known| known == path);
    for (name, value) in table {
        if is_known(name) {
            continue;
        }
        if !sections().any(|section| section == name) {
            return Some((name.clone(), nearest(name, sections().chain(paths()))));
        }
        let inner = value.as_table().into_iter().flat_map(toml::Table::keys);
        let unknown = inner.map(|key| format!("{name}.{key}")).find(|path| !is_known(path));
        if let Some(path) = unknown {
            let near = nearest(&path, paths());
            return Some((path, near));
        }
    }
    None
}

fn key(root: &Value, owner: &Value, path: String, name: &str, property: &Value) -> KeySchema {
    let schema = resolve(root, property);
    let choices = choices(schema);
    let required =
        owner["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
    let meaning = text(property).or_else(|| text(schema)).unwrap_or_default();
    let kind = if choices.is_empty() { kind(root, schema) } else { "choice".to_owned() };
    KeySchema { path, kind, required, meaning, choices }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flat_map(Map::iter)
}

/// The schema after resolving references and stripping `Option`.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        return resolve(root, &root["$defs"][name]);
    }
    let of_option = |one: &&Value| one["type"] != "null";
    match schema["anyOf"].as_array().and_then(|any| any.iter().find(of_option)) {
        Some(one) => resolve(root, one),
        None => schema,
    }
}

/// The description of a schema on one line.
fn text(schema: &Value) -> Option<String> {
    let words: Vec<&str> = schema["description"].as_str()?.split_whitespace().collect();
    Some(words.join(" "))
}

/// The values of an enum.
fn choices(schema: &Value) -> Vec<Choice> {
    let choice = |value: &Value, meaning: Option<String>| {
        let value = value.as_str()?.to_owned();
        Some(Choice { value, meaning: meaning.unwrap_or_default() })
    };
    let one_of = schema["oneOf"].as_array().into_iter().flatten();
    let documented = one_of.filter_map(|one| choice(&one["const"], text(one)));
    let plain = schema["enum"].as_array().into_iter().flatten();
    documented.chain(plain.filter_map(|value| choice(value, None))).collect()
}

/// The type of a value in words.
fn kind(root: &Value, schema: &Value) -> String {
    let name = |kind: &Value| match kind.as_str() {
        Some("string") => Some("text".to_owned()),
        Some("array") => {
            Some(format!("list of {}s", self::kind(root, resolve(root, &schema["items"]))))
        }
        Some("null") | None => None,
        Some(other) => Some(other.to_owned()),
    };
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(name).collect::<Vec<_>>().join(" or "),
        one => name(one).unwrap_or_default(),
    }
}
