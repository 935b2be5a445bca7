//! The files and keys that a fine-tuned model keeps from its pretrained model directory.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crosshead_files::write_atomic;
use serde_json::{Map, Value, json};

use super::config_file::ConfigFile;
use super::json::{read_object, read_text};
use super::{Head, ModelDirectory, ctranslate2, families, write_json};
use crate::ModelError;

const CONFIG: &str = "config.json";
const GENERATION: &str = "generation_config.json";
const MODULES: &str = "modules.json";

/// Keys of `config.json` that describe the pretrained model's weights, head or code.
const NOT_KEPT: [&str; 12] = [
    "model_type",
    "architectures",
    "id2label",
    "label2id",
    "num_labels",
    "problem_type",
    "finetuning_task",
    "torch_dtype",
    "dtype",
    "quantization_config",
    "auto_map",
    "_name_or_path",
];

/// Decoding options in the `config.json` of models without `generation_config.json`.
const DECODING_KEYS: [&str; 26] = [
    "bad_words_ids",
    "begin_suppress_tokens",
    "diversity_penalty",
    "do_sample",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "length_penalty",
    "max_length",
    "max_new_tokens",
    "min_length",
    "min_new_tokens",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "remove_invalid_values",
    "renormalize_logits",
    "repetition_penalty",
    "suppress_tokens",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
];

/// The configuration of a pretrained model directory. [`keep_in`](Self::keep_in) copies it to the directory of the
/// fine-tuned model.
#[derive(Clone, Debug)]
pub struct Origin {
    config: Map<String, Value>,
    generation: Option<Map<String, Value>>,
    /// Files of sentence-transformers, with their paths in the directory.
    modules: Vec<(PathBuf, Vec<u8>)>,
}

impl Origin {
    /// Reads the directory of a pretrained model.
    ///
    /// # Errors
    /// If a file is missing or malformed.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join(CONFIG);
        if ctranslate2::is_directory(dir) {
            let reason = "CTranslate2 models are for inference only; fine-tune the model that this one was converted from";
            return Err(ModelError::Config { path, key: "training", reason: reason.to_owned() });
        }
        let absent = || ModelError::io(&path)(std::io::Error::from(ErrorKind::NotFound));
        let config = read_object(&path)?.ok_or_else(absent)?;
        let generation = read_object(&dir.join(GENERATION))?;
        Ok(Self { config, generation, modules: sentence_modules(dir)? })
    }

    /// The `prefix` in `config.json`, which is prepended to every input, such as the task prefix of T5.
    pub fn prefix(&self) -> Option<&str> {
        self.config.get("prefix")?.as_str()
    }

    /// The [`prefix`](Self::prefix) of a model directory; empty if there is none, as in CTranslate2 directories.
    ///
    /// # Errors
    /// If a file is missing or malformed.
    pub fn prefix_of(dir: &Path) -> Result<String, ModelError> {
        if ctranslate2::is_directory(dir) {
            return Ok(String::new());
        }
        Ok(Self::open(dir)?.prefix().unwrap_or_default().to_owned())
    }

    /// Copies everything that is still valid to the directory of a saved model, and applies `changes` to its
    /// `generation_config.json`. This includes:
    ///
    /// - every key of `config.json`, except those that would change the loaded model or that describe different weights
    ///   or a different head; the family is kept if it can express the model,
    /// - every key of `generation_config.json`, or the decoding options of `config.json` for older models,
    /// - the pooling of sentence-transformers.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn keep_in(&self, dir: &Path, changes: &Map<String, Value>) -> Result<(), ModelError> {
        let path = dir.join(CONFIG);
        let written = read_object(&path)?.unwrap_or_default();
        write_json(&path, self.merged_config(&written, &path))?;
        if let Some(written) = read_object(&dir.join(GENERATION))? {
            let mut keys =
                self.generation.clone().unwrap_or_else(|| self.legacy_generation(written));
            keys.extend(changes.clone());
            write_json(&dir.join(GENERATION), keys)?;
        }
        for (name, contents) in &self.modules {
            let path = dir.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(ModelError::io(parent))?;
            }
            write_atomic(&path, contents).map_err(ModelError::io(&path))?;
        }
        Ok(())
    }

    /// The keys of the saved `config.json`, plus those of the pretrained one that do not change the model.
    fn merged_config(&self, written: &Map<String, Value>, path: &Path) -> Map<String, Value> {
        let read = |keys: &Map<String, Value>| {
            ModelDirectory::of(&ConfigFile::of(path.to_owned(), keys.clone()).ok()?).ok()
        };
        let Some(saved) = read(written) else { return written.clone() };
        let own = self.in_own_family(written, saved.head).filter(|keys| {
            read(keys).is_some_and(|own| {
                (own.head, &own.config) == (saved.head, &saved.config)
                    && own.names() == saved.names()
            })
        });
        let mut keys = own.unwrap_or_else(|| written.clone());
        let expected = read(&keys);
        let is_decoding_key = |key: &str| {
            matches!(saved.head, Head::Seq2SeqLm | Head::CausalLm) && DECODING_KEYS.contains(&key)
        };
        for (key, value) in &self.config {
            if keys.contains_key(key) || NOT_KEPT.contains(&key.as_str()) || is_decoding_key(key) {
                continue;
            }
            keys.insert(key.clone(), value.clone());
            if read(&keys) != expected {
                keys.shift_remove(key);
            }
        }
        let has_type = self.config.get("problem_type").is_some_and(|value| !value.is_null());
        if has_type && saved.head == Head::SequenceClassifier {
            keys.insert("problem_type".to_owned(), json!("single_label_classification"));
        }
        keys
    }

    /// The keys with the family of the pretrained model.
    fn in_own_family(
        &self,
        written: &Map<String, Value>,
        head: Head,
    ) -> Option<Map<String, Value>> {
        let model_type = self.config.get("model_type")?;
        let architecture = families::architecture(model_type.as_str()?, head)?;
        let mut keys = written.clone();
        keys.insert("model_type".to_owned(), model_type.clone());
        keys.insert("architectures".to_owned(), json!([architecture]));
        Some(keys)
    }

    /// The decoding options of a model without `generation_config.json`, merged into those written.
    fn legacy_generation(&self, written: Map<String, Value>) -> Map<String, Value> {
        let is_set = |key: &str, value: &Value| DECODING_KEYS.contains(&key) && !value.is_null();
        let legacy = self.config.iter().filter(|(key, value)| is_set(key, value));
        written.into_iter().chain(legacy.map(|(key, value)| (key.clone(), value.clone()))).collect()
    }
}

/// Sets keys of the `config.json` of a model directory. `null` removes a key.
///
/// # Errors
/// If the file cannot be read or written.
pub fn set_config_keys(dir: &Path, changes: &[(&str, Value)]) -> Result<(), ModelError> {
    let path = dir.join(CONFIG);
    let mut keys = read_object(&path)?.unwrap_or_default();
    for (key, value) in changes {
        match value {
            Value::Null => drop(keys.shift_remove(*key)),
            value => drop(keys.insert((*key).to_owned(), value.clone())),
        }
    }
    write_json(&path, keys)
}

/// The files of sentence-transformers modules, if none of the modules after the encoder has weights.
fn sentence_modules(dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, ModelError> {
    let Ok(text) = read_text(&dir.join(MODULES)) else { return Ok(Vec::new()) };
    let modules: Vec<Value> = serde_json::from_str(&text)
        .map_err(|source| ModelError::Json { path: dir.join(MODULES), source })?;
    let mut names: Vec<PathBuf> =
        [MODULES, "sentence_bert_config.json", "config_sentence_transformers.json"]
            .map(PathBuf::from)
            .into();
    for module in &modules {
        let text = |key: &str| module.get(key).and_then(Value::as_str).unwrap_or_default();
        let folder = PathBuf::from(text("path"));
        let is_inside = folder.components().all(|part| matches!(part, Component::Normal(_)));
        match text("type").rsplit('.').next() {
            Some("Transformer") if folder.as_os_str().is_empty() => {}
            Some("Pooling") if is_inside => names.push(folder.join(CONFIG)),
            Some("Normalize") => {}
            _ => return Ok(Vec::new()),
        }
    }
    let present = names.into_iter().filter(|name| dir.join(name).is_file());
    present
        .map(|name| {
            let path = dir.join(&name);
            Ok((name, fs::read(&path).map_err(ModelError::io(&path))?))
        })
        .collect()
}
