//! `sentence_bert_config.json`: the preprocessing of texts.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{read, wrong};
use crate::ModelError;

/// The possible names of the file, which used to depend on the family. The first file that is not empty is used.
const FILES: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// Keyword arguments that do not change the result, except for rounding.
const HARMLESS: [&str; 6] =
    ["trust_remote_code", "attn_implementation", "torch_dtype", "dtype", "use_fast", "revision"];

/// The settings in the file.
#[derive(Default)]
pub(super) struct Transformer {
    pub(super) lowercase: bool,
    pub(super) max_len: Option<usize>,
    pub(super) query_len: Option<usize>,
    pub(super) document_len: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keys {
    max_seq_length: Option<usize>,
    do_lower_case: Option<bool>,
    query_length: Option<usize>,
    document_length: Option<usize>,
    transformer_task: Option<String>,
    module_output_name: Option<String>,
    modality_config: Option<Map<String, Value>>,
    processing_kwargs: Option<Map<String, Value>>,
    query_expansion: Option<Value>,
    tokenizer_name_or_path: Option<String>,
    #[serde(alias = "tokenizer_args")]
    processor_kwargs: Option<Map<String, Value>>,
    #[serde(alias = "model_args")]
    model_kwargs: Option<Map<String, Value>>,
    #[serde(alias = "config_args")]
    config_kwargs: Option<Map<String, Value>>,
    // Ignored, because padding does not change the result.
    #[serde(rename = "unpad_inputs")]
    _unpad_inputs: Option<IgnoredAny>,
    #[serde(rename = "cache_dir")]
    _cache_dir: Option<IgnoredAny>,
}

impl Transformer {
    /// Reads the file in the encoder's directory, if there is one.
    pub(super) fn open(dir: &Path) -> Result<Self, ModelError> {
        for path in FILES.map(|name| dir.join(name)) {
            if !path.exists() {
                continue;
            }
            let object: Map<String, Value> = read(&path)?;
            if !object.is_empty() {
                return File { keys: read(&path)?, path }.settings();
            }
        }
        Ok(Self::default())
    }
}

/// The file and its keys.
struct File {
    path: PathBuf,
    keys: Keys,
}

impl File {
    fn settings(self) -> Result<Transformer, ModelError> {
        self.check_outputs()?;
        let Keys { query_expansion, tokenizer_name_or_path, .. } = &self.keys;
        if query_expansion.as_ref().is_some_and(|value| !value.is_null()) {
            return Err(self.wrong("query_expansion", "only null is supported"));
        }
        if let Some(name) = tokenizer_name_or_path {
            let reason = format!(
                "{name}: the tokenizer must be in the encoder's directory; copy its files there and remove the key"
            );
            return Err(self.wrong("tokenizer_name_or_path", reason));
        }
        for (key, arguments) in
            [("model_args", &self.keys.model_kwargs), ("config_args", &self.keys.config_kwargs)]
        {
            self.check_known(key, arguments, &[])?;
        }
        self.check_known("tokenizer_args", &self.keys.processor_kwargs, &["model_max_length"])?;
        let of_tokenizer = self.number("tokenizer_args", &self.keys.processor_kwargs)?;
        let of_call = self.call_limit()?;
        let limit = |len: Option<usize>| of_call.or(len);
        Ok(Transformer {
            lowercase: self.keys.do_lower_case.unwrap_or(false),
            max_len: limit(of_tokenizer.or(self.keys.max_seq_length)),
            query_len: limit(self.keys.query_length),
            document_len: limit(self.keys.document_length),
        })
    }

    /// Checks that the last hidden states are pooled.
    fn check_outputs(&self) -> Result<(), ModelError> {
        let Keys { transformer_task, modality_config, module_output_name, .. } = &self.keys;
        if let Some(task) = transformer_task.as_deref().filter(|task| *task != "feature-extraction")
        {
            let reason = format!("{task}: only feature-extraction is supported");
            return Err(self.wrong("transformer_task", reason));
        }
        let Some(modalities) = modality_config else { return Ok(()) };
        if let Some(name) = module_output_name.as_deref().filter(|name| *name != "token_embeddings")
        {
            let reason = format!("{name}: only token_embeddings is supported");
            return Err(self.wrong("module_output_name", reason));
        }
        if modalities.contains_key("message") {
            let reason = "message: chat templates are not supported";
            return Err(self.wrong("modality_config", reason));
        }
        let text = modalities.get("text").unwrap_or(&Value::Null);
        let output = match &text["method_output_name"] {
            Value::Array(path) if path.len() == 1 => &path[0],
            other => other,
        };
        if text["method"] != "forward" || output != "last_hidden_state" {
            let reason = format!("text: {text}: only last_hidden_state of forward is supported");
            return Err(self.wrong("modality_config", reason));
        }
        Ok(())
    }

    /// The maximum number of tokens in `processing_kwargs`.
    fn call_limit(&self) -> Result<Option<usize>, ModelError> {
        const KEY: &str = "processing_kwargs";
        let mut limit = None;
        // `common` overrides `text`.
        for kind in ["text", "common"] {
            let Some(options) = self.keys.processing_kwargs.as_ref().and_then(|all| all.get(kind))
            else {
                continue;
            };
            let Value::Object(options) = options else {
                return Err(self.wrong(KEY, format!("{kind}: expected an object")));
            };
            for (name, value) in options {
                let cuts = ["longest_first", "only_first"];
                match (name.as_str(), value) {
                    ("max_length", Value::Null) | ("padding" | "pad_to_multiple_of", _) => {}
                    ("max_length", value) => match value.as_u64() {
                        Some(len) => limit = Some(len as usize),
                        None => return Err(self.wrong(KEY, format!("{kind}.max_length: {value}"))),
                    },
                    ("truncation", Value::Bool(true)) => {}
                    ("truncation", Value::String(how)) if cuts.contains(&how.as_str()) => {}
                    ("return_tensors", _) => {}
                    (name, value) => {
                        let reason = format!("{kind}.{name}: {value} is not supported");
                        return Err(self.wrong(KEY, reason));
                    }
                }
            }
        }
        Ok(limit)
    }

    /// Checks that all arguments are supported or harmless.
    fn check_known(
        &self,
        key: &'static str,
        arguments: &Option<Map<String, Value>>,
        supported: &[&str],
    ) -> Result<(), ModelError> {
        let is_known = |name: &&String| {
            let name = name.as_str();
            HARMLESS.contains(&name) || supported.contains(&name)
        };
        match arguments.iter().flat_map(Map::keys).find(|name| !is_known(name)) {
            Some(name) => Err(self.wrong(key, format!("{name} is not supported; remove it"))),
            None => Ok(()),
        }
    }

    /// `model_max_length` in the arguments.
    fn number(
        &self,
        key: &'static str,
        arguments: &Option<Map<String, Value>>,
    ) -> Result<Option<usize>, ModelError> {
        match arguments.as_ref().and_then(|arguments| arguments.get("model_max_length")) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(len) => Ok(Some(len as usize)),
                None => Err(self.wrong(key, format!("model_max_length: {value}"))),
            },
        }
    }

    fn wrong(&self, key: &'static str, reason: impl Into<String>) -> ModelError {
        wrong(&self.path, key, reason)
    }
}
