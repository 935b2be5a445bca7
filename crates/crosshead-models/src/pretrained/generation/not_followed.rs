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

/// Keys with an effect on every decoding strategy.
const ALWAYS: &[(&str, Effect)] = &[
    ("constraints", |value| !is_empty(value)),
    ("diversity_penalty", |value| is_number(value, |n| n != 0.0)),
    ("dola_layers", |value| !value.is_null()),
    ("encoder_no_repeat_ngram_size", |value| is_number(value, |n| n > 0.0)),
    ("encoder_repetition_penalty", |value| is_number(value, |n| n != 1.0)),
    ("exponential_decay_length_penalty", |value| !value.is_null()),
    ("force_words_ids", |value| !is_empty(value)),
    ("guidance_scale", |value| is_number(value, |n| n != 1.0)),
    ("max_time", |value| !value.is_null()),
    ("num_beam_groups", |value| is_number(value, |n| n > 1.0)),
    ("num_return_sequences", |value| is_number(value, |n| n > 1.0)),
    ("penalty_alpha", |value| is_number(value, |n| n > 0.0)),
    ("prompt_lookup_num_tokens", |value| !value.is_null()),
    ("remove_invalid_values", |value| value == &Value::Bool(true)),
    ("sequence_bias", |value| !is_empty(value)),
    ("stop_strings", |value| !is_empty(value)),
    ("token_healing", |value| value == &Value::Bool(true)),
    ("watermarking_config", |value| !value.is_null()),
];

/// Keys with an effect on sampling.
const SAMPLING: &[(&str, Effect)] = &[
    ("epsilon_cutoff", |value| is_number(value, |n| n > 0.0 && n < 1.0)),
    ("eta_cutoff", |value| is_number(value, |n| n > 0.0 && n < 1.0)),
    ("min_p", |value| is_number(value, |n| n > 0.0)),
    ("top_h", |value| !value.is_null()),
    ("typical_p", |value| is_number(value, |n| n < 1.0)),
];

impl GenerationDefaults {
    /// The unsupported options in the model's file that would have an effect. `samples` says whether tokens are
    /// sampled.
    pub fn not_followed(&self, samples: bool) -> Vec<NotFollowed> {
        let sampling = SAMPLING.iter().filter(|_| samples);
        let effective = ALWAYS.iter().chain(sampling).filter(|option| self.has_effect(option));
        let beams = ["num_beams"].into_iter().filter(|_| samples && self.num_beams > 1);
        effective.map(|&(key, _)| key).chain(beams).filter_map(|key| self.of_file(key)).collect()
    }

    fn has_effect(&self, &(key, effect): &(&str, Effect)) -> bool {
        self.file.as_ref().and_then(|file| file.keys.get(key)).is_some_and(effect)
    }

    /// Like [`not_followed`](Self::not_followed), for callers that use only greedy decoding or beam search:
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
