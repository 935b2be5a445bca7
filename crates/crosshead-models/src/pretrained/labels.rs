//! The labels of classes and the problem type in `config.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::config_file::ConfigFile;
use crate::ModelError;
use crate::heads::{ProblemType, default_labels};

#[derive(Deserialize)]
struct Keys {
    id2label: Option<Map<String, Value>>,
    num_labels: Option<usize>,
}

/// The maximum of `num_labels`.
const MAX_LABELS: usize = 1 << 20;

/// The label of each class. As in transformers, the labels are `LABEL_0`, `LABEL_1`, … if the file has no labels, or if
/// their number is not `num_labels`.
pub(super) fn read(file: &ConfigFile) -> Result<Vec<String>, ModelError> {
    let Keys { id2label, num_labels } = file.keys()?;
    let by_id = id2label.filter(|labels| num_labels.is_none_or(|n| n == labels.len()));
    let Some(by_id) = by_id else {
        let n = num_labels.unwrap_or(2);
        if !(1..=MAX_LABELS).contains(&n) {
            return Err(file.wrong("num_labels", format!("{n} is outside 1 to {MAX_LABELS}")));
        }
        return Ok(default_labels(n));
    };
    let n = by_id.len();
    let mut names = BTreeMap::new();
    for (id, label) in &by_id {
        let name = match label {
            Value::String(name) => name.clone(),
            Value::Number(_) | Value::Bool(_) => label.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let reason = format!("class {id}: expected a string, found `{label}`");
                return Err(file.wrong("id2label", reason));
            }
        };
        names.insert(id.trim().parse::<usize>().ok(), name);
    }
    let labels: Option<Vec<String>> = (0..n).map(|id| names.remove(&Some(id))).collect();
    labels.filter(|labels| !labels.is_empty()).ok_or_else(|| {
        let ids: Vec<&str> = by_id.keys().map(String::as_str).collect();
        let reason =
            format!("{n} classes must have the ids 0 to {n} - 1, found {}", ids.join(", "));
        file.wrong("id2label", reason)
    })
}

/// The problem type of a model with `n_classes` classes, if the file has one.
pub(super) fn problem_type(
    file: &ConfigFile,
    n_classes: usize,
) -> Result<Option<ProblemType>, ModelError> {
    #[derive(Deserialize)]
    struct Keys {
        problem_type: Option<ProblemType>,
    }
    let Keys { problem_type } = file.keys()?;
    if problem_type == Some(ProblemType::SingleLabelClassification) && n_classes == 1 {
        let reason = "single_label_classification needs at least two labels";
        return Err(file.wrong("problem_type", reason));
    }
    Ok(problem_type)
}

/// The keys with the labels.
pub(super) fn write(labels: &[String]) -> Map<String, Value> {
    let ids = labels.iter().enumerate();
    let id2label: Map<String, Value> =
        ids.clone().map(|(id, label)| (id.to_string(), json!(label))).collect();
    let label2id: Map<String, Value> = ids.map(|(id, label)| (label.clone(), json!(id))).collect();
    let keys = [("id2label", id2label), ("label2id", label2id)];
    keys.map(|(key, object)| (key.to_owned(), Value::Object(object))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(keys: Value) -> Result<Vec<String>, String> {
        let Value::Object(mut keys) = keys else { panic!("not an object") };
        keys.insert("model_type".to_owned(), json!("bert"));
        let file = ConfigFile::of("config.json".into(), keys).unwrap();
        read(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_are_those_of_transformers() {
        for (keys, expected) in [
            (json!({}), &["LABEL_0", "LABEL_1"][..]),
            (json!({"id2label": null, "num_labels": 3}), &["LABEL_0", "LABEL_1", "LABEL_2"]),
            (json!({"num_labels": 1.0}), &["LABEL_0"]),
            (json!({"id2label": {"1": "b", "0": "a"}}), &["a", "b"]),
            (json!({"id2label": {"0": 1, "1": 2.5}}), &["1", "2.5"]),
            (json!({"id2label": {"0": false, "1": true}}), &["false", "true"]),
            (json!({"id2label": {"0": "a", "1": "b"}, "num_labels": 2}), &["a", "b"]),
            (json!({"id2label": {"0": "a", "1": "b"}, "num_labels": null}), &["a", "b"]),
            (json!({"id2label": {"0": "a", "1": "b"}, "num_labels": 1}), &["LABEL_0"]),
        ] {
            assert_eq!(labels(keys.clone()).unwrap(), expected, "{keys}");
        }
        let twelve: Map<String, Value> =
            (0..12).rev().map(|id| (id.to_string(), json!(format!("c{id}")))).collect();
        let names = labels(json!({"id2label": twelve})).unwrap();
        assert_eq!((names[2].as_str(), names[11].as_str()), ("c2", "c11"));
    }

    #[test]
    fn invalid_labels_are_reported_with_their_key() {
        for (keys, parts) in [
            (json!({"id2label": {"1": "a", "2": "b"}}), &["id2label", "0 to 2 - 1", "1, 2"][..]),
            (json!({"id2label": {"x": "a"}}), &["id2label", "x"]),
            (json!({"id2label": {"0": ["a"]}}), &["id2label", "class 0", "[\"a\"]"]),
            (json!({"id2label": ["a", "b"]}), &["id2label", "an object"]),
            (json!({"num_labels": 0}), &["num_labels", "0"]),
            (json!({"num_labels": "3"}), &["num_labels", "a non-negative integer", "\"3\""]),
        ] {
            let message = labels(keys).unwrap_err();
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
    }
}
