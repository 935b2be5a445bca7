//! `adapter_config.json`.

use std::path::{Path, PathBuf};

use crosshead_kernels::{LoraConfig, LoraScaling};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::patterns;
use super::targets::LoraTargets;
use crate::ModelError;
use crate::pretrained::json::{self, read_object, read_text};
use crate::pretrained::{Head, write_json};

/// The name of the file.
pub(crate) const CONFIG: &str = "adapter_config.json";

/// Keys that do not change the outputs of a loaded adapter.
const NEUTRAL: [&str; 9] = [
    "auto_mapping",
    "fan_in_fan_out",
    "inference_mode",
    "lora_dropout",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "task_type",
];

/// Keys that say which modules are adapted; the tensors say it too.
const SELECTING: [&str; 3] = ["exclude_modules", "layers_to_transform", "layers_pattern"];

/// Values of `init_lora_weights` that leave the base model's weights as they are.
const PLAIN_STARTS: [&str; 3] = ["gaussian", "eva", "orthogonal"];

/// The file with its keys.
#[derive(Debug)]
pub(super) struct AdapterConfig {
    path: PathBuf,
    keys: Keys,
    /// Whether every module that `target_modules` names must be adapted.
    pub(super) is_complete: bool,
}

/// The keys that are followed.
#[derive(Debug, Deserialize)]
struct Keys {
    peft_type: String,
    base_model_name_or_path: Option<String>,
    task_type: Option<String>,
    r: usize,
    lora_alpha: f64,
    #[serde(default)]
    lora_dropout: f32,
    #[serde(default)]
    use_rslora: bool,
    target_modules: Option<LoraTargets>,
    #[serde(default)]
    rank_pattern: Map<String, Value>,
    #[serde(default)]
    alpha_pattern: Map<String, Value>,
    bias: Option<String>,
    init_lora_weights: Option<Value>,
}

/// Their names. The tensors say which modules of `modules_to_save` there are.
const FOLLOWED: [&str; 13] = [
    "peft_type",
    "base_model_name_or_path",
    "task_type",
    "r",
    "lora_alpha",
    "lora_dropout",
    "use_rslora",
    "target_modules",
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "bias",
    "init_lora_weights",
];

impl AdapterConfig {
    /// Reads the file of a directory.
    pub(super) fn open(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join(CONFIG);
        let object = json::object(&path, &read_text(&path)?)?;
        let keys: Keys = json::from_object(&path, &object)?;
        let is_set = |key: &str| object.get(key).is_some_and(|value| !is_off(value));
        let is_complete = !SELECTING.iter().any(|key| is_set(key));
        let config = Self { path, keys, is_complete };
        config.check(&object)?;
        Ok(config)
    }

    /// The base model.
    pub(super) fn base(&self) -> Option<&str> {
        self.keys.base_model_name_or_path.as_deref()
    }

    /// The modules that should be adapted.
    pub(super) fn targets(&self) -> Option<&LoraTargets> {
        self.keys.target_modules.as_ref().filter(|_| self.is_complete)
    }

    /// The head that the adapter contains, if any.
    pub(super) fn head(&self) -> Option<Head> {
        match self.keys.task_type.as_deref() {
            Some("SEQ_CLS") => Some(Head::SequenceClassifier),
            Some("TOKEN_CLS") => Some(Head::TokenClassifier),
            Some(_) | None => None,
        }
    }

    /// The configuration of the update of a module.
    pub(super) fn lora(&self, module: &str) -> Result<LoraConfig, ModelError> {
        let Keys { r, lora_alpha, lora_dropout, use_rslora, .. } = self.keys;
        let number = |key: &str, patterns: &Map<String, Value>| {
            for (pattern, value) in patterns {
                let wrong = |reason: String| self.wrong(&format!("{key}.{pattern}"), reason);
                let fits = patterns::ends_with(pattern, module);
                if fits.map_err(|error| wrong(error.to_string()))? {
                    let number = value.as_f64();
                    return number.map(Some).ok_or_else(|| wrong(format!("{value}: not a number")));
                }
            }
            Ok(None)
        };
        let rank = number("rank_pattern", &self.keys.rank_pattern)?.map_or(r, |rank| rank as usize);
        let alpha = number("alpha_pattern", &self.keys.alpha_pattern)?.unwrap_or(lora_alpha);
        if rank == 0 {
            return Err(self.wrong("r", "0: must be at least 1"));
        }
        let scaling = if use_rslora { LoraScaling::RootRank } else { LoraScaling::Rank };
        let config = LoraConfig::new(rank).with_alpha(alpha).with_scaling(scaling);
        Ok(config.with_dropout(lora_dropout))
    }

    /// The error of an invalid value.
    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> ModelError {
        ModelError::Key { path: self.path.clone(), key: key.to_owned(), reason: reason.into() }
    }

    /// Checks that every key is followed or changes nothing.
    fn check(&self, object: &Map<String, Value>) -> Result<(), ModelError> {
        let Keys { peft_type, bias, init_lora_weights, lora_dropout, .. } = &self.keys;
        if peft_type != "LORA" {
            let reason = format!("{peft_type} is not supported; the supported value is LORA");
            return Err(self.wrong("peft_type", reason));
        }
        if let Some(bias) = bias.as_deref().filter(|bias| *bias != "none") {
            let reason = format!("{bias} is not supported: only the matrices are adapted (none)");
            return Err(self.wrong("bias", reason));
        }
        if !(0.0..1.0).contains(lora_dropout) {
            return Err(self.wrong("lora_dropout", format!("{lora_dropout} is outside [0, 1)")));
        }
        if let Some(Value::String(start)) = init_lora_weights
            && !PLAIN_STARTS.contains(&start.as_str())
        {
            let reason = format!(
                "{start} changes the weights of the base model; convert the adapter with PEFT's \
                 path_initial_model_for_weight_conversion"
            );
            return Err(self.wrong("init_lora_weights", reason));
        }
        let is_known = |key: &str| {
            [&FOLLOWED[..], &NEUTRAL, &SELECTING].iter().any(|keys| keys.contains(&key))
        };
        match object.iter().find(|(key, value)| !is_known(key) && !is_off(value)) {
            Some((key, value)) => {
                Err(self.wrong(key, format!("{value}: this option of PEFT is not supported")))
            }
            None => Ok(()),
        }
    }
}

/// Whether a value means that an option is not used.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(keys) => keys.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Sets the base model of the adapter in a directory, if there is one: the directory from which the adapter is loaded.
///
/// # Errors
/// If the file cannot be read or written.
pub fn set_adapter_base(dir: &Path, base: &Path) -> Result<(), ModelError> {
    let path = dir.join(CONFIG);
    let Some(mut keys) = read_object(&path)? else { return Ok(()) };
    let base = std::path::absolute(base).map_err(ModelError::io(base))?;
    let base = base.to_string_lossy().into_owned();
    keys.insert("base_model_name_or_path".to_owned(), Value::String(base));
    write_json(&path, keys)
}
