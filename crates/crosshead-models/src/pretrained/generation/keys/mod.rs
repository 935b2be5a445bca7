//! The supported keys of `generation_config.json`.

mod values;

use crosshead_generate::{EarlyStopping, EndBoost};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::GenerationDefaults;
use values::{Bias, Ids, Never, Stopping, Strings, Words};

/// The names of the keys.
const NAMES: &[&str] = &[
    "bos_token_id",
    "eos_token_id",
    "decoder_start_token_id",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "bad_words_ids",
    "suppress_tokens",
    "begin_suppress_tokens",
    "max_length",
    "max_new_tokens",
    "min_length",
    "min_new_tokens",
    "num_beams",
    "length_penalty",
    "early_stopping",
    "no_repeat_ngram_size",
    "repetition_penalty",
    "renormalize_logits",
    "do_sample",
    "temperature",
    "top_k",
    "top_p",
    "encoder_no_repeat_ngram_size",
    "encoder_repetition_penalty",
    "exponential_decay_length_penalty",
    "sequence_bias",
    "force_words_ids",
    "num_beam_groups",
    "diversity_penalty",
    "num_return_sequences",
    "stop_strings",
    "max_time",
    "min_p",
    "typical_p",
    "epsilon_cutoff",
    "eta_cutoff",
    "top_h",
];

/// The supported keys.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Keys {
    #[serde(skip_serializing_if = "Option::is_none")]
    bos_token_id: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eos_token_id: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoder_start_token_id: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forced_bos_token_id: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forced_eos_token_id: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bad_words_ids: Option<Vec<Vec<u32>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppress_tokens: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    begin_suppress_tokens: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_new_tokens: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_new_tokens: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_beams: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    early_stopping: Option<Stopping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_repeat_ngram_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repetition_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renormalize_logits: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    do_sample: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder_no_repeat_ngram_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder_repetition_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exponential_decay_length_penalty: Option<(usize, f32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_bias: Option<Vec<Bias>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_words_ids: Option<Vec<Words>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_beam_groups: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diversity_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_return_sequences: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_strings: Option<Strings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typical_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon_cutoff: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_cutoff: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_h: Option<f32>,
}

impl Keys {
    /// Reads the keys of an object. The error consists of the key with the invalid value and the reason.
    pub(super) fn read(object: &Map<String, Value>) -> Result<Self, (&'static str, String)> {
        let read = |object| serde_json::from_value::<Self>(Value::Object(object));
        read(object.clone()).map_err(|error| {
            let is_wrong = |name: &&&str| {
                let value = object.get(**name);
                let alone =
                    value.map(|value| Map::from_iter([((**name).to_owned(), value.clone())]));
                alone.is_some_and(|alone| read(alone).is_err())
            };
            let name = NAMES.iter().find(is_wrong).copied().unwrap_or("an option");
            (name, error.to_string())
        })
    }

    pub(super) fn into_defaults(self) -> GenerationDefaults {
        let ids = |ids: Option<Ids>| ids.map(Ids::into_vec).unwrap_or_default();
        let first = |ids: Option<Ids>| ids.and_then(|ids| ids.into_vec().first().copied());
        GenerationDefaults {
            num_beams: self.num_beams.unwrap_or(1),
            length_penalty: self.length_penalty.unwrap_or(1.0),
            early_stopping: match self.early_stopping {
                Some(Stopping::Whether(true)) => EarlyStopping::Full,
                Some(Stopping::Never(Never::Never)) => EarlyStopping::Never,
                Some(Stopping::Whether(false)) | None => EarlyStopping::Heuristic,
            },
            max_length: self.max_length,
            max_new_tokens: self.max_new_tokens,
            min_length: self.min_length.unwrap_or(0),
            min_new_tokens: self.min_new_tokens,
            no_repeat_ngram_size: self.no_repeat_ngram_size.unwrap_or(0),
            repetition_penalty: self.repetition_penalty.unwrap_or(1.0),
            bos_token_id: first(self.bos_token_id),
            decoder_start_token_id: first(self.decoder_start_token_id),
            eos_token_ids: ids(self.eos_token_id),
            forced_bos_token_id: first(self.forced_bos_token_id),
            forced_eos_token_ids: ids(self.forced_eos_token_id),
            bad_words_ids: self.bad_words_ids.unwrap_or_default(),
            suppress_tokens: ids(self.suppress_tokens),
            begin_suppress_tokens: ids(self.begin_suppress_tokens),
            renormalize_logits: self.renormalize_logits.unwrap_or(false),
            do_sample: self.do_sample,
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            encoder_no_repeat_ngram_size: self.encoder_no_repeat_ngram_size.unwrap_or(0),
            encoder_repetition_penalty: self.encoder_repetition_penalty.unwrap_or(1.0),
            exponential_decay_length_penalty: self
                .exponential_decay_length_penalty
                .map(|(start, factor)| EndBoost { start, factor }),
            sequence_bias: list(self.sequence_bias, Bias::into_bias),
            force_words_ids: list(self.force_words_ids, Words::into_phrase),
            num_beam_groups: self.num_beam_groups.unwrap_or(1),
            diversity_penalty: self.diversity_penalty.unwrap_or(0.0),
            num_return_sequences: self.num_return_sequences.unwrap_or(1),
            stop_strings: self.stop_strings.map(Strings::into_vec).unwrap_or_default(),
            max_time: self.max_time,
            min_p: self.min_p,
            typical_p: self.typical_p,
            epsilon_cutoff: self.epsilon_cutoff,
            eta_cutoff: self.eta_cutoff,
            top_h: self.top_h,
            file: None,
        }
    }

    /// The keys with values that differ from the defaults.
    pub(super) fn of(defaults: &GenerationDefaults) -> Self {
        let one = |id: Option<u32>| id.map(|id| Ids::One(id.into()));
        let list = |ids: &[u32]| (!ids.is_empty()).then(|| Ids::list(ids));
        let words = &defaults.bad_words_ids;
        Self {
            bos_token_id: one(defaults.bos_token_id),
            eos_token_id: Ids::of(&defaults.eos_token_ids),
            decoder_start_token_id: one(defaults.decoder_start_token_id),
            forced_bos_token_id: one(defaults.forced_bos_token_id),
            forced_eos_token_id: Ids::of(&defaults.forced_eos_token_ids),
            bad_words_ids: (!words.is_empty()).then(|| words.clone()),
            suppress_tokens: list(&defaults.suppress_tokens),
            begin_suppress_tokens: list(&defaults.begin_suppress_tokens),
            max_length: defaults.max_length,
            max_new_tokens: defaults.max_new_tokens,
            min_length: unless(defaults.min_length, 0),
            min_new_tokens: defaults.min_new_tokens,
            num_beams: unless(defaults.num_beams, 1),
            length_penalty: unless(defaults.length_penalty, 1.0),
            early_stopping: match defaults.early_stopping {
                EarlyStopping::Full => Some(Stopping::Whether(true)),
                EarlyStopping::Never => Some(Stopping::Never(Never::Never)),
                EarlyStopping::Heuristic => None,
            },
            no_repeat_ngram_size: unless(defaults.no_repeat_ngram_size, 0),
            repetition_penalty: unless(defaults.repetition_penalty, 1.0),
            renormalize_logits: unless(defaults.renormalize_logits, false),
            do_sample: defaults.do_sample,
            temperature: defaults.temperature,
            top_k: defaults.top_k,
            top_p: defaults.top_p,
            encoder_no_repeat_ngram_size: unless(defaults.encoder_no_repeat_ngram_size, 0),
            encoder_repetition_penalty: unless(defaults.encoder_repetition_penalty, 1.0),
            exponential_decay_length_penalty: defaults
                .exponential_decay_length_penalty
                .map(|boost| (boost.start, boost.factor)),
            sequence_bias: written(&defaults.sequence_bias, Bias::of),
            force_words_ids: written(&defaults.force_words_ids, Words::of),
            num_beam_groups: unless(defaults.num_beam_groups, 1),
            diversity_penalty: unless(defaults.diversity_penalty, 0.0),
            num_return_sequences: unless(defaults.num_return_sequences, 1),
            stop_strings: (!defaults.stop_strings.is_empty())
                .then(|| Strings::Several(defaults.stop_strings.clone())),
            max_time: defaults.max_time,
            min_p: defaults.min_p,
            typical_p: defaults.typical_p,
            epsilon_cutoff: defaults.epsilon_cutoff,
            eta_cutoff: defaults.eta_cutoff,
            top_h: defaults.top_h,
        }
    }
}

/// The value, if it is not the default.
fn unless<T: PartialEq>(value: T, default: T) -> Option<T> {
    (value != default).then_some(value)
}

/// The values of a list; none if there is no list.
fn list<T, U>(values: Option<Vec<T>>, value: impl Fn(T) -> U) -> Vec<U> {
    values.into_iter().flatten().map(value).collect()
}

/// A list of values; `None` if it is empty.
fn written<T, U>(values: &[T], value: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!values.is_empty()).then(|| values.iter().map(value).collect())
}
