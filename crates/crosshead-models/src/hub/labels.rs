//! The names of classes in `config.json`, and what their scores stand for.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::config_file::ConfigFile;
use crate::ModelError;
use crate::heads::{ProblemType, default_labels};

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
        return numbered(file, keys.num_labels.unwrap_or(2));
    };
    let n = by_id.len();
    // Names that are not as many as the classes count for nothing.
    if let Some(n_labels) = keys.num_labels.filter(|n_labels| *n_labels != n) {
        return numbered(file, n_labels);
    }
    let of_id = |id: usize| by_id.get(&id.to_string()).cloned();
    let labels: Option<Vec<String>> = (0..n).map(of_id).collect();
    labels.filter(|labels| !labels.is_empty()).ok_or_else(|| {
        file.wrong("id2label", format!("{n} classes must have the ids 0 to {n} - 1"))
    })
}

/// Classes without names.
fn numbered(file: &ConfigFile, n: usize) -> Result<Vec<String>, ModelError> {
    if !(1..=LARGEST).contains(&n) {
        return Err(file.wrong("num_labels", format!("{n} is outside 1 to {LARGEST}")));
    }
    Ok(default_labels(n))
}

/// What the scores of `n_classes` classes stand for, if the file says so.
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
        let reason = "single_label_classification needs two labels at least";
        return Err(file.wrong("problem_type", reason));
    }
    Ok(problem_type)
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
