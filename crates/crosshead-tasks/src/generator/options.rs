//! How a causal language model's texts are decoded: the caller's options over those of the model.

use crosshead_generate::Sampling;
use crosshead_models::{CausalLmConfig, GenerationDefaults};

use crate::TaskError;

/// How texts are decoded. An option that is `None` is as the model's `generation_config.json` says; where that says
/// nothing, the default holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleOptions {
    /// The most tokens to write. Default: 200.
    pub max_tokens: Option<usize>,
    /// What the logits are divided by before a token is sampled; with 0 none is: decoding is greedy, or by the beam search
    /// that the model asks for. Default: 0.8.
    pub temperature: Option<f32>,
    /// How many of the most probable tokens may be sampled; 0 for all. Default: 0.
    pub top_k: Option<usize>,
    /// The probability that the tokens which may be sampled must reach; 1 for all. Default: 1.
    pub top_p: Option<f32>,
    /// The seed of the samples.
    pub seed: u64,
    /// The number of texts drawn in earlier calls: the draws of several calls are then those of one.
    pub drawn_before: usize,
}

/// Most tokens where neither the caller nor the model sets a limit.
const MAX_TOKENS: usize = 200;
/// Temperature where neither the caller nor the model says how to decode.
const TEMPERATURE: f32 = 0.8;

impl Default for SampleOptions {
    /// As the model says, with seed 1.
    fn default() -> Self {
        Self {
            max_tokens: None,
            temperature: None,
            top_k: None,
            top_p: None,
            seed: 1,
            drawn_before: 0,
        }
    }
}

impl SampleOptions {
    /// How tokens are sampled, where they are.
    ///
    /// They are, unless the temperature is 0, or the caller leaves it open and the model asks for greedy decoding
    /// (`do_sample: false`) or beam search.
    pub(super) fn sampling(&self, model: &GenerationDefaults) -> Option<Sampling> {
        let asks = self.temperature.is_some() || self.top_k.is_some() || self.top_p.is_some();
        if !asks && !model.do_sample.unwrap_or(model.num_beams == 1) {
            return None;
        }
        // A model that asks for sampling leaves open what is right by the defaults of transformers.
        let open = Sampling::new(self.seed).with_temperature(TEMPERATURE);
        let open = model.sampling(self.seed).unwrap_or(open);
        let open = open.with_first_sequence(self.drawn_before);
        let temperature = self.temperature.or(model.temperature).unwrap_or(open.temperature);
        let sampling = Sampling {
            temperature,
            top_k: self.top_k.or(model.top_k).unwrap_or(open.top_k),
            top_p: self.top_p.or(model.top_p).unwrap_or(open.top_p),
            ..open
        };
        (temperature != 0.0).then_some(sampling)
    }

    /// The model's options with a limit for these prompts.
    ///
    /// # Errors
    /// If a prompt has as many tokens as the model's `max_length` allows with what follows.
    pub(super) fn limited(
        &self,
        model: &GenerationDefaults,
        prompts: &[Vec<u32>],
    ) -> Result<GenerationDefaults, TaskError> {
        let asked = self.max_tokens.or(model.max_new_tokens);
        if let (None, Some(max_length)) = (asked, model.max_length) {
            let is_full = |prompt: &&Vec<u32>| prompt.len() >= max_length;
            if let Some(prompt) = prompts.iter().find(is_full) {
                return Err(TaskError::PromptAtLimit { tokens: prompt.len(), max_length });
            }
            return Ok(model.clone());
        }
        Ok(GenerationDefaults { max_new_tokens: asked.or(Some(MAX_TOKENS)), ..model.clone() })
    }
}

/// The token that stands for an empty prompt, if the model has one.
pub(super) fn begin_id(model: &GenerationDefaults, config: &CausalLmConfig) -> Option<u32> {
    let begin = model.bos_token_id.or(config.bos_id);
    begin.filter(|&id| (id as usize) < config.vocab_size)
}
