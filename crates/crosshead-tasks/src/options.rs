//! The caller's decoding options, and how they are combined with those of the model.

use crosshead_generate::{DecodingConfig, Sampling};
use crosshead_models::{CausalLmConfig, EncoderDecoderConfig, GenerationDefaults};
use crosshead_tokenize::Tokenizer;
use serde::{Deserialize, Serialize};

use crate::TaskError;

/// Maximum number of new tokens of a causal language model if neither the caller nor the model sets a limit.
const MAX_TOKENS: usize = 200;
/// Temperature of a causal language model if neither the caller nor the model configures decoding.
const TEMPERATURE: f32 = 0.8;
/// Default random seed.
const SEED: u64 = 1;

/// Decoding options that override those of the model.
///
/// An option that is `None` takes its value from the model's `generation_config.json`. The defaults below apply if the
/// file does not set it either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeOptions {
    /// Number of beams of beam search; 1 is greedy decoding, or sampling if a sampling option is set. Default: 1.
    pub beams: Option<usize>,
    /// Exponent α of the length penalty of beam search, which ranks hypotheses by log p / lenᵅ. Default: 1.
    pub length_penalty: Option<f32>,
    /// Maximum number of new tokens. Default: 200 for causal language models; the model's maximum length for
    /// encoder-decoders.
    pub max_tokens: Option<usize>,
    /// Sampling temperature, which divides the logits; 0 disables sampling. Causal language models only. Default: 0.8.
    pub temperature: Option<f32>,
    /// Samples only from the `top_k` most probable tokens; 0 disables it. Causal language models only. Default: 0.
    pub top_k: Option<usize>,
    /// Samples only from the most probable tokens whose cumulative probability reaches `top_p`; 1 disables it. Causal
    /// language models only. Default: 1.
    pub top_p: Option<f32>,
    /// Random seed of sampling. Default: 1.
    pub seed: Option<u64>,
    /// Index of the first text for sampling. Several calls with consecutive indices sample the same texts as a single
    /// call with all prompts. Default: 0.
    pub first_sequence: Option<usize>,
}

impl DecodeOptions {
    /// The decoding configuration of an encoder-decoder: the caller's options, then the languages set in the tokenizer, then
    /// the model's options.
    pub(crate) fn for_encoder_decoder(
        &self,
        generation: &GenerationDefaults,
        config: &EncoderDecoderConfig,
        tokenizer: &Tokenizer,
    ) -> Result<DecodingConfig, TaskError> {
        if let Some(option) = self.sampling_option() {
            return Err(TaskError::NotSampled { option });
        }
        let decoding = self.over(generation).for_encoder_decoder(config);
        // A target language set by the caller replaces the one in the model's files.
        let is_replaced =
            |id: &u32| tokenizer.decoder_start().is_some() && tokenizer.language(*id).is_some();
        let forced_bos = decoding.forced_bos.filter(|id| !is_replaced(id));
        Ok(DecodingConfig {
            start_id: tokenizer.decoder_start().unwrap_or(decoding.start_id),
            forced_bos: tokenizer.forced_bos().or(forced_bos),
            ..decoding
        })
    }

    /// The decoding configuration of a causal language model for these prompts. If the model does not name an end
    /// token, the tokenizer's is used.
    pub(crate) fn for_causal_lm(
        &self,
        generation: &GenerationDefaults,
        config: &CausalLmConfig,
        tokenizer: &Tokenizer,
        prompts: &[Vec<u32>],
    ) -> Result<DecodingConfig, TaskError> {
        let mut defaults = self.over(generation);
        if defaults.max_new_tokens.is_none() {
            match defaults.max_length {
                Some(max_length) => check_prompts(prompts, max_length)?,
                None => defaults.max_new_tokens = Some(MAX_TOKENS),
            }
        }
        let mut decoding = defaults.for_causal_lm(config, prompts);
        if let Some(sampling) = self.sampling(generation) {
            if self.beams.is_some_and(|beams| beams > 1) {
                return Err(TaskError::BeamsWithSampling);
            }
            decoding.strategy = sampling.into();
        }
        if decoding.eos_ids.is_empty() {
            decoding.eos_ids.extend(tokenizer.special().eos);
        }
        Ok(decoding)
    }

    /// The sampling options of a causal language model; `None` for greedy decoding or beam search.
    ///
    /// A model samples unless the temperature is 0, the caller sets only `beams`, or the model selects greedy decoding
    /// (`do_sample: false`) or beam search and the caller sets no sampling option.
    pub(crate) fn sampling(&self, generation: &GenerationDefaults) -> Option<Sampling> {
        let asked = self.temperature.is_some() || self.top_k.is_some() || self.top_p.is_some();
        let by_default =
            self.beams.is_none() && generation.do_sample.unwrap_or(generation.num_beams == 1);
        if !asked && !by_default {
            return None;
        }
        let seed = self.seed.unwrap_or(SEED);
        // With `do_sample: true`, absent keys have the defaults of transformers.
        let default = generation
            .sampling(seed)
            .unwrap_or_else(|| Sampling::new(seed).with_temperature(TEMPERATURE));
        let sampling = default
            .with_temperature(
                self.temperature.or(generation.temperature).unwrap_or(default.temperature),
            )
            .with_top_k(self.top_k.or(generation.top_k).unwrap_or(default.top_k))
            .with_top_p(self.top_p.or(generation.top_p).unwrap_or(default.top_p))
            .with_first_sequence(self.first_sequence.unwrap_or(0));
        (sampling.temperature != 0.0).then_some(sampling)
    }

    /// The first option that requests sampling.
    fn sampling_option(&self) -> Option<&'static str> {
        [
            ("temperature", self.temperature.is_some_and(|temperature| temperature != 0.0)),
            ("top_k", self.top_k.is_some()),
            ("top_p", self.top_p.is_some()),
        ]
        .into_iter()
        .find_map(|(option, is_set)| is_set.then_some(option))
    }

    /// The model's options, overridden by those of the caller that do not concern sampling.
    fn over(&self, generation: &GenerationDefaults) -> GenerationDefaults {
        GenerationDefaults {
            num_beams: self.beams.unwrap_or(generation.num_beams),
            length_penalty: self.length_penalty.unwrap_or(generation.length_penalty),
            max_new_tokens: self.max_tokens.or(generation.max_new_tokens),
            ..generation.clone()
        }
    }
}

/// Checks that each prompt leaves room for a new token.
fn check_prompts(prompts: &[Vec<u32>], max_length: usize) -> Result<(), TaskError> {
    match prompts.iter().find(|prompt| prompt.len() >= max_length) {
        Some(prompt) => Err(TaskError::PromptAtLimit { tokens: prompt.len(), max_length }),
        None => Ok(()),
    }
}
