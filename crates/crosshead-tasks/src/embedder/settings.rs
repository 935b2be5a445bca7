//! `config_sentence_transformers.json`: prompts and the similarity function.

use std::collections::BTreeMap;
use std::path::Path;

use crosshead_models::{ModelError, read_json};
use serde::Deserialize;

use super::{Prompt, Purpose, Similarity};
use crate::TaskError;

/// Settings of a sentence-transformers model other than its modules.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    prompts: BTreeMap<String, String>,
    default_prompt: Option<String>,
    /// The similarity function.
    pub(super) similarity: Similarity,
    /// Number of features of each vector that are kept.
    pub(super) truncate_dim: Option<usize>,
}

/// The keys that affect results.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Keys {
    model_type: Option<String>,
    prompts: Option<BTreeMap<String, Option<String>>>,
    default_prompt_name: Option<String>,
    similarity_fn_name: Option<String>,
    truncate_dim: Option<usize>,
}

impl Settings {
    /// Reads the file from a directory. If there is no file, there are no prompts and the similarity is the cosine.
    pub(super) fn read(dir: &Path) -> Result<Self, TaskError> {
        let path = dir.join("config_sentence_transformers.json");
        if !path.exists() {
            return Ok(Self::default());
        }
        let keys: Keys = read_json(&path)?;
        let wrong = |key, reason| ModelError::Config { path: path.clone(), key, reason };
        if let Some(kind) = keys.model_type.filter(|kind| kind != "SentenceTransformer") {
            let reason = format!("{kind} is not supported; only SentenceTransformer is supported");
            return Err(wrong("model_type", reason).into());
        }
        let similarity = match keys.similarity_fn_name.as_deref() {
            None => Similarity::default(),
            Some(name) => Similarity::by_name(name).ok_or_else(|| {
                let known = Similarity::ALL.map(Similarity::name).join(", ");
                wrong(
                    "similarity_fn_name",
                    format!("{name} is not supported; the supported values are {known}"),
                )
            })?,
        };
        if keys.truncate_dim == Some(0) {
            return Err(wrong("truncate_dim", "must be at least 1".to_owned()).into());
        }
        let prompts = keys.prompts.unwrap_or_default().into_iter();
        let mut prompts: BTreeMap<String, String> =
            prompts.map(|(name, text)| (name, text.unwrap_or_default())).collect();
        // Every model has these two prompts, which are empty by default.
        for name in ["query", "document"] {
            prompts.entry(name.to_owned()).or_default();
        }
        let settings = Self {
            prompts,
            default_prompt: keys.default_prompt_name,
            similarity,
            truncate_dim: keys.truncate_dim,
        };
        match &settings.default_prompt {
            Some(name) if !settings.prompts.contains_key(name) => {
                let reason =
                    format!("there is no prompt `{name}`; the prompts are: {}", settings.names());
                Err(wrong("default_prompt_name", reason).into())
            }
            _ => Ok(settings),
        }
    }

    /// The text prepended to each sentence; empty for no prompt.
    pub(super) fn prompt<'a>(
        &'a self,
        purpose: Purpose,
        asked: Prompt<'a>,
    ) -> Result<&'a str, TaskError> {
        let of_model = |name: &str| self.prompts.get(name).map_or("", String::as_str);
        match asked {
            Prompt::Text(text) => Ok(text),
            Prompt::Named(name) => self
                .prompts
                .get(name)
                .map(String::as_str)
                .ok_or_else(|| TaskError::NoPrompt { name: name.to_owned(), known: self.names() }),
            Prompt::OfModel => Ok(match purpose {
                Purpose::Any => self.default_prompt.as_deref().map_or("", of_model),
                Purpose::Query => of_model("query"),
                Purpose::Document => of_model("document"),
            }),
        }
    }

    fn names(&self) -> String {
        if self.prompts.is_empty() {
            return "none".to_owned();
        }
        self.prompts.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}
