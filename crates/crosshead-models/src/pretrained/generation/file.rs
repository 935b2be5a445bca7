//! Reading and writing `generation_config.json`. Unrecognized keys are kept.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::{GenerationDefaults, ctranslate2};
use crate::pretrained::config_file::to_object;
use crate::pretrained::ctranslate2::is_directory;
use crate::pretrained::json::read_object;
use crate::pretrained::{json_text, write_json};
use crate::{CausalLmConfig, EncoderDecoderConfig, ModelError};

const GENERATION_CONFIG: &str = "generation_config.json";
const CONFIG: &str = "config.json";

/// The keys of `config.json` that transformers reads as decoding options if there is no `generation_config.json`.
const LEGACY_KEYS: &[&str] = &[
    "assistant_early_exit",
    "bad_words_ids",
    "begin_suppress_tokens",
    "bos_token_id",
    "constraints",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "dola_layers",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "encoder_repetition_penalty",
    "eos_token_id",
    "epsilon_cutoff",
    "eta_cutoff",
    "exponential_decay_length_penalty",
    "force_words_ids",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "guidance_scale",
    "length_penalty",
    "max_length",
    "max_new_tokens",
    "max_time",
    "min_length",
    "min_new_tokens",
    "min_p",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "pad_token_id",
    "penalty_alpha",
    "prompt_lookup_num_tokens",
    "remove_invalid_values",
    "renormalize_logits",
    "repetition_penalty",
    "sequence_bias",
    "stop_strings",
    "suppress_tokens",
    "temperature",
    "token_healing",
    "top_h",
    "top_k",
    "top_p",
    "typical_p",
    "watermarking_config",
];

/// The decoding options in the files of a model directory, whether supported or not.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationFile {
    /// `generation_config.json`, or `config.json` in an older model.
    pub name: &'static str,
    /// Every key of `generation_config.json`, or the decoding options of `config.json`.
    pub keys: Map<String, Value>,
}

impl GenerationDefaults {
    /// Reads the `generation_config.json` of a model directory. If there is no such file, reads the decoding options in
    /// `config.json`, as for older models. Missing keys have their defaults, except that `eos_token_id` falls back to
    /// the one in `config.json`. For a CTranslate2 directory without the file, the defaults are those of CTranslate2,
    /// or those of Argos Translate for an Argos package.
    ///
    /// # Errors
    /// If a file is malformed, or a value is invalid.
    pub fn from_dir(dir: &Path) -> Result<Self, ModelError> {
        let config = read_object(&dir.join(CONFIG))?.unwrap_or_default();
        let Some(keys) = read_object(&dir.join(GENERATION_CONFIG))? else {
            if is_directory(dir) {
                return ctranslate2::defaults(dir);
            }
            return Self::from_legacy_config(dir, config);
        };
        let mut defaults = Self::from_keys(dir, GENERATION_CONFIG, keys)?;
        if defaults.eos_token_ids.is_empty()
            && let Some(eos) = config.get("eos_token_id")
        {
            let keys = Map::from_iter([("eos_token_id".to_owned(), eos.clone())]);
            defaults.eos_token_ids = Self::from_keys(dir, CONFIG, keys)?.eos_token_ids;
        }
        Ok(defaults)
    }

    /// The options as the text of a `generation_config.json`: the file they were read from, updated with any changes.
    pub fn to_json(&self) -> String {
        json_text(self.to_keys())
    }

    /// Writes `generation_config.json` into a model directory; see [`to_json`](Self::to_json).
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, dir: &Path) -> Result<(), ModelError> {
        write_json(&dir.join(GENERATION_CONFIG), self.to_keys())
    }

    /// Writes `generation_config.json` of an encoder-decoder. If the model excludes padding from the softmax, the file
    /// forbids it in transformers too.
    pub(in crate::pretrained) fn write_for_encoder_decoder(
        &self,
        config: &EncoderDecoderConfig,
        dir: &Path,
    ) -> Result<(), ModelError> {
        let mut all = vec![
            ("pad_token_id", json!(config.pad_id)),
            ("eos_token_id", json!(config.eos_id)),
            ("decoder_start_token_id", json!(config.start_id)),
            ("max_length", json!(config.stack.max_len)),
        ];
        if config.n_classes() < config.vocab_size {
            all.push(("bad_words_ids", json!([[config.pad_id]])));
            all.push(("forced_eos_token_id", json!(config.eos_id)));
        }
        self.write(all, dir)
    }

    /// Writes `generation_config.json` of a causal language model.
    pub(in crate::pretrained) fn write_for_causal_lm(
        &self,
        config: &CausalLmConfig,
        dir: &Path,
    ) -> Result<(), ModelError> {
        let ids = [
            ("bos_token_id", config.bos_id),
            ("pad_token_id", config.pad_id),
            ("eos_token_id", config.eos_id),
        ];
        let present = ids.into_iter().filter_map(|(key, id)| Some((key, json!(id?))));
        self.write(present.collect(), dir)
    }

    /// Writes the options. Keys without a value are taken from `model`.
    fn write(&self, model: Vec<(&str, Value)>, dir: &Path) -> Result<(), ModelError> {
        let mut keys = self.to_keys();
        if self.file.is_none() {
            // Written for human readers, although these are the defaults.
            keys.entry("num_beams").or_insert(json!(1));
            keys.entry("length_penalty").or_insert(json!(1.0));
        }
        for (key, value) in model {
            if keys.get(key).is_none_or(Value::is_null) {
                keys.insert(key.to_owned(), value);
            }
        }
        write_json(&dir.join(GENERATION_CONFIG), keys)
    }

    fn to_keys(&self) -> Map<String, Value> {
        let mut keys = self.file.as_ref().map(|file| file.keys.clone()).unwrap_or_default();
        // Reading succeeded when the file was loaded.
        let read = Keys::read(&keys).unwrap_or_default();
        let before = to_object(&Keys::of(&read.into_defaults()));
        let now = to_object(&Keys::of(self));
        for key in before.keys().filter(|key| !now.contains_key(*key)) {
            keys.shift_remove(key);
        }
        keys.extend(now.into_iter().filter(|(key, value)| before.get(key) != Some(value)));
        keys
    }

    /// The options of a model that has no `generation_config.json`.
    fn from_legacy_config(dir: &Path, config: Map<String, Value>) -> Result<Self, ModelError> {
        let forces_bos = config.get("force_bos_token_to_be_generated") == Some(&Value::Bool(true));
        let is_option = |key: &str| LEGACY_KEYS.contains(&key);
        let mut keys: Map<String, Value> =
            config.into_iter().filter(|(key, value)| is_option(key) && !value.is_null()).collect();
        if let Some(bos) = keys.get("bos_token_id").filter(|_| forces_bos).cloned() {
            keys.insert("forced_bos_token_id".to_owned(), bos);
        }
        match keys.is_empty() {
            true => Ok(Self::default()),
            false => Self::from_keys(dir, CONFIG, keys),
        }
    }

    fn from_keys(
        dir: &Path,
        name: &'static str,
        keys: Map<String, Value>,
    ) -> Result<Self, ModelError> {
        let path = dir.join(name);
        let read = match Keys::read(&keys) {
            Ok(read) => read,
            Err((key, reason)) => return Err(ModelError::Config { path, key, reason }),
        };
        let defaults = read.into_defaults();
        if defaults.num_beams == 0 {
            let reason = "must be at least 1".to_owned();
            return Err(ModelError::Config { path, key: "num_beams", reason });
        }
        Ok(Self { file: Some(GenerationFile { name, keys }), ..defaults })
    }
}
