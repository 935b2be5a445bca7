//! The names of classes in `config.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::config_file::ConfigFile;
use crate::ModelError;
use crate::heads::default_labels;

#[derive(Deserialize)]
struct Keys {
    id2label: Option<BTreeMap<String, String>>,
    num_labels: Option<usize>,
}

/// The largest number of classes without names.
const LARGEST: usize = 1 << 20;

/// The name of each class; without names in the file, those that transformers gives them.
pub(super) fn read(file: &ConfigFile) -> Result<Vec<String>, ModelError> {
    let keys: Keys = file.keys()?;
    let Some(by_id) = keys.id2label else {
        let n = keys.num_labels.unwrap_or(2);
        if !(1..=LARGEST).contains(&n) {
            return Err(file.wrong("num_labels", format!("{n} is outside 1 to {LARGEST}")));
        }
        return Ok(default_labels(n));
    };
    let n = by_id.len();
    let of_id = |id: usize| by_id.get(&id.to_string()).cloned();
    let labels: Option<Vec<String>> = (0..n).map(of_id).collect();
    labels.filter(|labels| !labels.is_empty()).ok_or_else(|| {
        file.wrong("id2label", format!("{n} classes must have the ids 0 to {n} - 1"))
    })
}

/// The keys that name the classes.
pub(super) fn write(labels: &[String]) -> Map<String, Value> {
    let ids = labels.iter().enumerate();
    let id2label: Map<String, Value> =
        ids.clone().map(|(id, label)| (id.to_string(), json!(label))).collect();
    let label2id: Map<String, Value> = ids.map(|(id, label)| (label.clone(), json!(id))).collect();
    let keys = [("id2label", id2label), ("label2id", label2id)];
    keys.map(|(key, object)| (key.to_owned(), Value::Object(object))).into_iter().collect()
}
