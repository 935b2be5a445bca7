//! Unsupported options of `generation_config.json` that would change the output.

use std::fmt;

use serde_json::Value;

use super::GenerationDefaults;

/// An option of a model's `generation_config.json` that has an effect in transformers but is not supported here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFollowed {
    /// The file: `generation_config.json`, or `config.json` in an older model.
    pub file: &'static str,
    /// The key.
    pub key: &'static str,
}

impl fmt::Display for NotFollowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, key } = self;
        write!(
            f,
            "{file}: key {key} is not supported; the output may differ from that of transformers"
        )
    }
}

/// Whether a value has an effect.
type Effect = fn(&Value) -> bool;

/// The keys that are not supported. `prompt_lookup_num_tokens` is not one of them: it does not change the text.
const UNSUPPORTED: &[(&str, Effect)] = &[
    ("constraints", |value| !is_empty(value)),
    ("dola_layers", |value| !value.is_null()),
    ("guidance_scale", |value| is_number(value, |n| n != 1.0)),
    ("penalty_alpha", |value| is_number(value, |n| n > 0.0)),
    ("remove_invalid_values", |value| value == &Value::Bool(true)),
    ("token_healing", |value| value == &Value::Bool(true)),
    ("watermarking_config", |value| !value.is_null()),
];

impl GenerationDefaults {
    /// The unsupported options in the model's file that would have an effect. `samples` says whether tokens are
    /// sampled.
    pub fn not_followed(&self, samples: bool) -> Vec<NotFollowed> {
        let effective = UNSUPPORTED.iter().filter(|option| self.has_effect(option));
        // Options of beam search that sampling does not combine with.
        let beams = [
            ("num_beams", self.num_beams > 1),
            ("force_words_ids", !self.force_words_ids.is_empty()),
        ];
        let beams =
            beams.into_iter().filter_map(|(key, is_set)| (samples && is_set).then_some(key));
        effective.map(|&(key, _)| key).chain(beams).filter_map(|key| self.of_file(key)).collect()
    }

    fn has_effect(&self, &(key, effect): &(&str, Effect)) -> bool {
        self.file.as_ref().and_then(|file| file.keys.get(key)).is_some_and(effect)
    }

    /// Like [`not_followed`](Self::not_followed), for greedy decoding or beam search that the caller did not ask for:
    /// `do_sample` also counts as unsupported.
    pub fn not_followed_by_search(&self) -> Vec<NotFollowed> {
        let sampling = ["do_sample"].into_iter().filter(|_| self.do_sample == Some(true));
        let sampling = sampling.filter_map(|key| self.of_file(key));
        sampling.chain(self.not_followed(false)).collect()
    }

    /// A key of the file; `None` if the options were not read from a file.
    fn of_file(&self, key: &'static str) -> Option<NotFollowed> {
        self.file.as_ref().map(|file| NotFollowed { file: file.name, key })
    }
}

fn is_number(value: &Value, is: impl Fn(f64) -> bool) -> bool {
    value.as_f64().is_some_and(is)
}

/// Whether a value is null or an empty list, object or string.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
