//! `generation_config.json`: how a model's outputs are searched for unless the user says otherwise.

use std::io::ErrorKind;
use std::path::Path;

use crosshead_generate::{
    EarlyStopping, GenerateConfig, LengthPenalty, MaxLen, Normalization, Sampling,
};
use serde::{Deserialize, Serialize};

use super::config_file::to_object;
use super::write_json;
use crate::{CausalLmConfig, EncoderDecoderConfig, ModelError};
use crosshead_weights::read_text;

/// The search that a model directory asks for; the names and the defaults are those of transformers.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationDefaults {
    /// Hypotheses followed at once; 1 for greedy decoding.
    pub num_beams: usize,
    /// α of the score log p / lenᵅ.
    pub length_penalty: f32,
    /// When a beam search is done.
    pub early_stopping: EarlyStopping,
    /// Most tokens, the start token or prompt counted.
    pub max_length: Option<usize>,
    /// Most tokens behind the start token or prompt; goes before `max_length`.
    pub max_new_tokens: Option<usize>,
    /// Fewest tokens before the end, the start token or prompt counted.
    pub min_length: usize,
    /// Fewest tokens behind the start token or prompt before the end.
    pub min_new_tokens: usize,
    /// No n-gram of this many tokens may occur twice; 0 for no such limit.
    pub no_repeat_ngram_size: usize,
    /// What makes tokens that occurred before less likely; 1 for nothing.
    pub repetition_penalty: f32,
    /// The token that starts the decoder; that of `config.json` where there is none.
    pub decoder_start_token_id: Option<u32>,
    /// The tokens that end a sequence; that of `config.json` where there are none.
    pub eos_token_ids: Vec<u32>,
    /// The first token of every sequence, such as the code of the language to write.
    pub forced_bos_token_id: Option<u32>,
    /// Whether a sequence that reaches its limit ends with the end token.
    pub forced_eos: bool,
    /// Sequences of tokens that are never generated.
    pub bad_words_ids: Vec<Vec<u32>>,
    /// Tokens that are never generated.
    pub suppress_tokens: Vec<u32>,
    /// Tokens that are not generated first.
    pub begin_suppress_tokens: Vec<u32>,
    /// Whether probabilities sum to 1 without what is forbidden.
    pub renormalize_logits: bool,
    /// Whether tokens are drawn at random.
    pub do_sample: bool,
    /// What logits are divided by before tokens are drawn.
    pub temperature: f32,
    /// How many of the most probable tokens may be drawn; 0 for all.
    pub top_k: usize,
    /// The share of the most probable tokens that may be drawn.
    pub top_p: f32,
}

impl Default for GenerationDefaults {
    /// Greedy decoding without constraints.
    fn default() -> Self {
        Keys::default().into_defaults()
    }
}

/// The keys of `generation_config.json`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Keys {
    #[serde(skip_serializing_if = "Option::is_none")]
    bos_token_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pad_token_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eos_token_id: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoder_start_token_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forced_bos_token_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forced_eos_token_id: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bad_words_ids: Option<Vec<Vec<u32>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppress_tokens: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    begin_suppress_tokens: Option<Vec<u32>>,
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
}

/// An id or several.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Several(Vec<u32>),
}

/// `early_stopping`: a truth value, or "never".
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stopping {
    Whether(bool),
    Never(Never),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Never {
    Never,
}

impl Keys {
    fn into_defaults(self) -> GenerationDefaults {
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
            min_new_tokens: self.min_new_tokens.unwrap_or(0),
            no_repeat_ngram_size: self.no_repeat_ngram_size.unwrap_or(0),
            repetition_penalty: self.repetition_penalty.unwrap_or(1.0),
            decoder_start_token_id: self.decoder_start_token_id,
            eos_token_ids: match self.eos_token_id {
                Some(Ids::One(id)) => vec![id],
                Some(Ids::Several(ids)) => ids,
                None => Vec::new(),
            },
            forced_bos_token_id: self.forced_bos_token_id,
            forced_eos: self.forced_eos_token_id.is_some(),
            bad_words_ids: self.bad_words_ids.unwrap_or_default(),
            suppress_tokens: self.suppress_tokens.unwrap_or_default(),
            begin_suppress_tokens: self.begin_suppress_tokens.unwrap_or_default(),
            renormalize_logits: self.renormalize_logits.unwrap_or(false),
            do_sample: self.do_sample.unwrap_or(false),
            temperature: self.temperature.unwrap_or(1.0),
            top_k: self.top_k.unwrap_or(50),
            top_p: self.top_p.unwrap_or(1.0),
        }
    }
}

impl GenerationDefaults {
    /// Reads the `generation_config.json` of a model directory; without the file, the keys of that name in `config.json`,
    /// as older models have them. Without a key, the default holds.
    ///
    /// # Errors
    /// If the file is malformed.
    pub fn from_dir(dir: &Path) -> Result<Self, ModelError> {
        for name in ["generation_config.json", "config.json"] {
            let path = dir.join(name);
            let text = match read_text(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(ModelError::io(&path)(error)),
            };
            let keys: Keys = serde_json::from_str(&text)
                .map_err(|source| ModelError::Json { path: path.clone(), source })?;
            let defaults = keys.into_defaults();
            if defaults.num_beams == 0 {
                let reason = "must be at least 1".to_owned();
                return Err(ModelError::Config { path, key: "num_beams", reason });
            }
            return Ok(defaults);
        }
        Ok(Self::default())
    }

    /// The search for targets of an encoder-decoder.
    pub fn for_encoder_decoder(&self, config: &EncoderDecoderConfig) -> GenerateConfig {
        let start_id = self.decoder_start_token_id.unwrap_or(config.start_id);
        let search = self.search(GenerateConfig::new(start_id, config.eos_id));
        let limit = self.limit(1).unwrap_or(usize::MAX).min(config.stack.max_len);
        GenerateConfig { max_len: limit.into(), min_len: self.fewest(1), ..search }
    }

    /// The search for what follows each prompt of a causal language model.
    pub fn for_causal_lm(&self, config: &CausalLmConfig, prompts: &[Vec<u32>]) -> GenerateConfig {
        let eos_ids: Vec<u32> = config.eos_id.into_iter().collect();
        let search = self.search(GenerateConfig::new(0, 0).with_eos_ids(eos_ids));
        let lengths = || prompts.iter().map(Vec::len);
        let rest = |len| config.stack.max_len.saturating_sub(len).max(1);
        let limits = lengths().map(|len| self.limit(len).unwrap_or(rest(len)));
        GenerateConfig {
            prompts: prompts.to_vec(),
            max_len: MaxLen::PerRow(limits.collect()),
            min_len: self.fewest(lengths().min().unwrap_or(0)),
            ..search
        }
    }

    /// How tokens are drawn, where they are.
    pub fn sampling(&self, seed: u64) -> Option<Sampling> {
        let sampling = Sampling::new(seed)
            .with_temperature(self.temperature)
            .with_top_k(self.top_k)
            .with_top_p(self.top_p);
        self.do_sample.then_some(sampling)
    }

    /// What does not depend on the kind of model.
    fn search(&self, base: GenerateConfig) -> GenerateConfig {
        let eos_ids = match self.eos_token_ids.as_slice() {
            [] => base.eos_ids.clone(),
            ids => ids.to_vec(),
        };
        // A word of one end token stands for nothing, as in transformers.
        let is_end = |word: &[u32]| matches!(word, [id] if eos_ids.contains(id));
        let words = self.bad_words_ids.iter().filter(|word| !word.is_empty() && !is_end(word));
        let (single, longer): (Vec<_>, Vec<_>) = words.cloned().partition(|word| word.len() == 1);
        GenerateConfig {
            forced_bos: self.forced_bos_token_id,
            forced_eos: self.forced_eos,
            suppressed: [self.suppress_tokens.as_slice(), &single.concat()].concat(),
            suppressed_first: self.begin_suppress_tokens.clone(),
            bad_words: longer,
            normalization: match self.renormalize_logits {
                true => Normalization::Remaining,
                false => Normalization::WholeVocabulary,
            },
            beams: self.num_beams,
            length_penalty: LengthPenalty::Power(self.length_penalty),
            early_stopping: self.early_stopping,
            no_repeat_ngram_size: self.no_repeat_ngram_size,
            repetition_penalty: self.repetition_penalty,
            eos_ids,
            ..base
        }
    }

    /// Most tokens behind a prompt of `prompt_len`.
    fn limit(&self, prompt_len: usize) -> Option<usize> {
        let length = || self.max_length.map(|length| length.saturating_sub(prompt_len).max(1));
        self.max_new_tokens.or_else(length)
    }

    /// Fewest tokens behind a prompt of `prompt_len`.
    fn fewest(&self, prompt_len: usize) -> usize {
        self.min_new_tokens.max(self.min_length.saturating_sub(prompt_len))
    }

    /// Writes `generation_config.json` of an encoder-decoder. Padding that the model leaves out of the softmax is
    /// forbidden for transformers too.
    pub(super) fn write_for_encoder_decoder(
        &self,
        config: &EncoderDecoderConfig,
        dir: &Path,
    ) -> Result<(), ModelError> {
        let mut keys = self.keys(Some(config.eos_id));
        keys.pad_token_id = Some(config.pad_id);
        keys.decoder_start_token_id.get_or_insert(config.start_id);
        keys.max_length.get_or_insert(config.stack.max_len);
        if config.n_classes() < config.vocab_size {
            keys.bad_words_ids.get_or_insert(vec![vec![config.pad_id]]);
            keys.forced_eos_token_id.get_or_insert(Ids::One(config.eos_id));
        }
        write_json(&dir.join("generation_config.json"), to_object(&keys))
    }

    /// Writes `generation_config.json` of a causal language model.
    pub(super) fn write_for_causal_lm(
        &self,
        config: &CausalLmConfig,
        dir: &Path,
    ) -> Result<(), ModelError> {
        let mut keys = self.keys(config.eos_id);
        (keys.bos_token_id, keys.pad_token_id) = (config.bos_id, config.pad_id);
        write_json(&dir.join("generation_config.json"), to_object(&keys))
    }

    /// The keys whose values are no defaults, and those that say what search it is.
    fn keys(&self, eos_id: Option<u32>) -> Keys {
        let eos_token_id = match self.eos_token_ids.as_slice() {
            [] => eos_id.map(Ids::One),
            [id] => Some(Ids::One(*id)),
            ids => Some(Ids::Several(ids.to_vec())),
        };
        let first_eos = match &eos_token_id {
            Some(Ids::One(id)) => Some(*id),
            Some(Ids::Several(ids)) => ids.first().copied(),
            None => None,
        };
        let unless_empty = |ids: &[u32]| (!ids.is_empty()).then(|| ids.to_vec());
        Keys {
            eos_token_id,
            decoder_start_token_id: self.decoder_start_token_id,
            forced_bos_token_id: self.forced_bos_token_id,
            forced_eos_token_id: first_eos.filter(|_| self.forced_eos).map(Ids::One),
            bad_words_ids: (!self.bad_words_ids.is_empty()).then(|| self.bad_words_ids.clone()),
            suppress_tokens: unless_empty(&self.suppress_tokens),
            begin_suppress_tokens: unless_empty(&self.begin_suppress_tokens),
            max_length: self.max_length,
            max_new_tokens: self.max_new_tokens,
            min_length: unless(self.min_length, 0),
            min_new_tokens: unless(self.min_new_tokens, 0),
            num_beams: Some(self.num_beams),
            length_penalty: Some(self.length_penalty),
            early_stopping: match self.early_stopping {
                EarlyStopping::Full => Some(Stopping::Whether(true)),
                EarlyStopping::Never => Some(Stopping::Never(Never::Never)),
                EarlyStopping::Heuristic => None,
            },
            no_repeat_ngram_size: unless(self.no_repeat_ngram_size, 0),
            repetition_penalty: unless(self.repetition_penalty, 1.0),
            renormalize_logits: unless(self.renormalize_logits, false),
            do_sample: unless(self.do_sample, false),
            temperature: unless(self.temperature, 1.0),
            top_k: unless(self.top_k, 50),
            top_p: unless(self.top_p, 1.0),
            ..Keys::default()
        }
    }
}

/// The value, if it is not the default.
fn unless<T: PartialEq>(value: T, default: T) -> Option<T> {
    (value != default).then_some(value)
}
