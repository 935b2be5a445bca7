//! `*.index.json`: the shard of each tensor.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crosshead_files::read_text;
use serde_json::{Map, Value};

use super::{Open, Shards, check_file};
use crate::WeightsError;

/// Opens the shards of an index.
pub(super) fn open_shards(path: &Path, open: Open) -> Result<Shards, WeightsError> {
    check_file(path)?;
    let text = read_text(path).map_err(WeightsError::io(path))?;
    let weight_map = weight_map(path, &text)?;
    let mut names: Vec<&str> = weight_map.values().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut files = Vec::new();
    let mut tensors = BTreeMap::new();
    for (number, name) in names.iter().enumerate() {
        let file = shard(path, name)?;
        for (tensor, entry) in open(&file)? {
            // The index may assign a tensor to a different shard that also contains it.
            if weight_map.get(&tensor).is_none_or(|home| home == name) {
                tensors.insert(tensor, (number, entry));
            }
        }
        files.push(file);
    }
    match weight_map.iter().find(|(tensor, _)| !tensors.contains_key(*tensor)) {
        Some((tensor, name)) => {
            let reason = format!("is missing, but {} lists it here", path.display());
            Err(WeightsError::tensor(&path.with_file_name(name), tensor, reason))
        }
        None => Ok((files, tensors)),
    }
}

/// The shard of each tensor.
fn weight_map(path: &Path, text: &str) -> Result<BTreeMap<String, String>, WeightsError> {
    let wrong = |reason: String| WeightsError::Index { path: path.to_owned(), reason };
    let index: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let Some(Value::Object(shards)) = index.get("weight_map") else {
        return Err(wrong("weight_map: is missing".to_owned()));
    };
    let entry = |(tensor, shard): (&String, &Value)| match shard.as_str() {
        Some(shard) => Ok((tensor.clone(), shard.to_owned())),
        None => Err(wrong(format!("weight_map.{tensor}: expected a string, found `{shard}`"))),
    };
    shards.iter().map(entry).collect()
}

/// The path of a shard, which must be in the directory of the index.
fn shard(index: &Path, name: &str) -> Result<PathBuf, WeightsError> {
    let mut components = Path::new(name).components();
    let is_file_name =
        matches!((components.next(), components.next()), (Some(Component::Normal(_)), None));
    let file = index.with_file_name(name);
    if is_file_name && file.exists() {
        return Ok(file);
    }
    Err(WeightsError::MissingShard { index: index.to_owned(), shard: name.to_owned() })
}
