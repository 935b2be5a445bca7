//! The files of a repository that a model needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::HubError;

const CONFIG: &str = "config.json";

/// Configuration and tokenizers.
const SMALL_FILES: [&str; 20] = [
    CONFIG,
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "source.spm",
    "target.spm",
    "target_vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "spm.model",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
];

/// The path of the pooling module of sentence-transformers, after its number.
const POOLING: &str = "_Pooling/config.json";

/// Weights in one file, or in shards with an index.
struct Weights {
    single: &'static str,
    index: &'static str,
    shard: (&'static str, &'static str),
}

/// In order of preference.
const WEIGHTS: [Weights; 2] = [
    Weights {
        single: "model.safetensors",
        index: "model.safetensors.index.json",
        shard: ("model-", ".safetensors"),
    },
    Weights {
        single: "pytorch_model.bin",
        index: "pytorch_model.bin.index.json",
        shard: ("pytorch_model-", ".bin"),
    },
];

/// Checks that names are safe in URLs and paths: `NAME` or `OWNER/NAME`, and a branch, tag or commit.
pub(crate) fn check_names(id: &str, revision: &str) -> Result<(), HubError> {
    let is_name = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.chars().all(allowed) && !part.starts_with('.')
    };
    let parts: Vec<&str> = id.split('/').collect();
    if parts.len() > 2 || !parts.iter().all(|part| is_name(part)) {
        return Err(HubError::Name { kind: "model", name: id.to_owned() });
    }
    if !revision.split('/').all(is_name) {
        return Err(HubError::Name { kind: "revision", name: revision.to_owned() });
    }
    Ok(())
}

/// The files to download. Weights come last, so a model that has its weights is complete.
pub(crate) fn choose(id: &str, names: &[String]) -> Result<Vec<String>, HubError> {
    let is_small = |name: &str| SMALL_FILES.contains(&name) || is_pooling(name);
    let mut chosen: Vec<String> = names.iter().filter(|name| is_small(name)).cloned().collect();
    if !chosen.iter().any(|name| name == CONFIG) {
        return Err(HubError::Incomplete { id: id.to_owned(), missing: CONFIG.to_owned() });
    }
    let has = |name: &str| names.iter().any(|present| present == name);
    for Weights { single, index, shard: (prefix, suffix) } in WEIGHTS {
        if has(single) {
            chosen.push(single.to_owned());
            return Ok(chosen);
        }
        if has(index) {
            chosen.push(index.to_owned());
            let is_shard = |name: &&String| {
                !name.contains('/') && name.starts_with(prefix) && name.ends_with(suffix)
            };
            chosen.extend(names.iter().filter(is_shard).cloned());
            return Ok(chosen);
        }
    }
    Err(HubError::NoWeights { id: id.to_owned(), files: names.join(", ") })
}

fn is_pooling(name: &str) -> bool {
    name.strip_suffix(POOLING).is_some_and(|number| number.parse::<u8>().is_ok())
}

/// The directory of a model in its cache folder `repo`, if it is complete.
pub(crate) fn in_cache(id: &str, revision: &str, repo: &Path) -> Result<PathBuf, HubError> {
    let incomplete = |missing: String| HubError::Incomplete { id: id.to_owned(), missing };
    let snapshots = repo.join("snapshots");
    let commit = fs::read_to_string(repo.join("refs").join(revision));
    // A revision that is not in `refs` is a commit.
    let commit = commit.map_or_else(|_| revision.to_owned(), |commit| commit.trim().to_owned());
    let directory = snapshots.join(commit);
    if !directory.is_dir() {
        return Err(HubError::NotCached { id: id.to_owned(), cache: repo.to_owned() });
    }
    let has = |name: &str| directory.join(name).is_file();
    if !has(CONFIG) {
        return Err(incomplete(CONFIG.to_owned()));
    }
    for Weights { single, index, .. } in WEIGHTS {
        if has(single) {
            return Ok(directory);
        }
        if has(index) {
            return match shards(&directory.join(index)).into_iter().find(|shard| !has(shard)) {
                Some(shard) => Err(incomplete(shard)),
                None => Ok(directory),
            };
        }
    }
    Err(incomplete(WEIGHTS[0].single.to_owned()))
}

/// The shards in an index; empty if the index is malformed, which is reported when the model is loaded.
fn shards(index: &Path) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index =
        fs::read_to_string(index).ok().and_then(|text| serde_json::from_str::<Index>(&text).ok());
    index.map(|index| index.weight_map.into_values().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Result<Vec<String>, HubError> {
        choose("owner/name", &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn safetensors_are_preferred_and_last() {
        let names = [
            "model.safetensors",
            "README.md",
            "config.json",
            "pytorch_model.bin",
            "tf_model.h5",
            "1_Pooling/config.json",
            "tokenizer.json",
            "onnx/model.safetensors",
        ];
        let expected =
            ["config.json", "1_Pooling/config.json", "tokenizer.json", "model.safetensors"];
        assert_eq!(chosen(&names).unwrap(), expected);
    }

    #[test]
    fn shards_come_with_their_index() {
        let names = [
            "config.json",
            "pytorch_model-00001-of-00002.bin",
            "pytorch_model-00002-of-00002.bin",
            "pytorch_model.bin.index.json",
            "x/pytorch_model-00001-of-00002.bin",
        ];
        let expected = [
            "config.json",
            "pytorch_model.bin.index.json",
            "pytorch_model-00001-of-00002.bin",
            "pytorch_model-00002-of-00002.bin",
        ];
        assert_eq!(chosen(&names).unwrap(), expected);
    }

    #[test]
    fn a_repository_without_a_model_is_an_error() {
        let none = chosen(&["config.json", "model.gguf"]).unwrap_err().to_string();
        assert!(none.contains("model.gguf"), "{none}");
        assert!(matches!(chosen(&["model.safetensors"]), Err(HubError::Incomplete { .. })));
    }

    #[test]
    fn unsafe_names_are_refused() {
        for id in ["", "a/b/c", "../a", "a/..", "a b", "/a", "a/", "https://x.y/a", "a%2Fb"] {
            assert!(check_names(id, "main").is_err(), "{id}");
        }
        for revision in ["", "../x", "refs//x", "a b"] {
            assert!(check_names("owner/name", revision).is_err(), "{revision}");
        }
        check_names("gpt2", "main").unwrap();
        check_names("sentence-transformers/all-MiniLM-L6-v2", "refs/pr/1").unwrap();
    }
}
