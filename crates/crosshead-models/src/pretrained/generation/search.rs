//! Decoding configurations from a model's defaults.

use crosshead_generate::{
    BeamSearch, DecodingConfig, Length, LengthPenalty, Normalization, Phrases, Sampling, Strategy,
};

use super::GenerationDefaults;
use crate::{CausalLmConfig, EncoderDecoderConfig};

/// The default of `top_k` in transformers.
const DEFAULT_TOP_K: usize = 50;

impl GenerationDefaults {
    /// The decoding configuration of an encoder-decoder: greedy or beam search.
    ///
    /// To sample, replace the strategy with [`sampling`](Self::sampling).
    pub fn for_encoder_decoder(&self, config: &EncoderDecoderConfig) -> DecodingConfig {
        self.for_prompted_encoder_decoder(config, 1)
    }

    /// Like [`for_encoder_decoder`](Self::for_encoder_decoder), for prompts of `prompt_len` tokens, including the start token.
    /// The prompts are still to be set.
    pub fn for_prompted_encoder_decoder(
        &self,
        config: &EncoderDecoderConfig,
        prompt_len: usize,
    ) -> DecodingConfig {
        let start_id = self.decoder_start_token_id.unwrap_or(config.start_id);
        let decoding =
            self.decoding(DecodingConfig::new(start_id, config.eos_id), config.vocab_size);
        // The start token does not count, as it has done in training.
        let rest = (config.stack.max_len + 1).saturating_sub(prompt_len).max(1);
        let limit = self.limit(prompt_len).unwrap_or(usize::MAX).min(rest);
        let min_len = self.minimum(prompt_len).into();
        DecodingConfig { max_len: limit.into(), min_len, ..decoding }
    }

    /// The decoding configuration of a causal language model: greedy or beam search.
    ///
    /// To sample, replace the strategy with [`sampling`](Self::sampling).
    pub fn for_causal_lm(&self, config: &CausalLmConfig, prompts: &[Vec<u32>]) -> DecodingConfig {
        let eos_ids: Vec<u32> = config.eos_id.into_iter().collect();
        let base = DecodingConfig::new(0, 0).with_eos_ids(eos_ids);
        let decoding = self.decoding(base, config.vocab_size);
        let lengths = || prompts.iter().map(Vec::len);
        let rest = |len| config.stack.max_len.saturating_sub(len).max(1);
        let limits = lengths().map(|len| self.limit(len).unwrap_or(rest(len)));
        DecodingConfig {
            prompts: prompts.to_vec(),
            max_len: Length::PerRow(limits.collect()),
            min_len: Length::PerRow(lengths().map(|len| self.minimum(len)).collect()),
            ..decoding
        }
    }

    /// The sampling options, if `do_sample` is set. Missing options have the defaults of transformers.
    pub fn sampling(&self, seed: u64) -> Option<Sampling> {
        let sampling = Sampling::new(seed)
            .with_temperature(self.temperature.unwrap_or(1.0))
            .with_top_k(self.top_k.unwrap_or(DEFAULT_TOP_K))
            .with_top_p(self.top_p.unwrap_or(1.0))
            .with_min_p(self.min_p.unwrap_or(0.0))
            .with_typical_p(self.typical_p.unwrap_or(1.0))
            .with_epsilon_cutoff(self.epsilon_cutoff.unwrap_or(0.0))
            .with_eta_cutoff(self.eta_cutoff.unwrap_or(0.0))
            .with_top_h(self.top_h);
        (self.do_sample == Some(true)).then_some(sampling)
    }

    /// The options that do not depend on the kind of model.
    fn decoding(&self, base: DecodingConfig, vocab_size: usize) -> DecodingConfig {
        let eos_ids = match self.eos_token_ids.as_slice() {
            [] => base.eos_ids.clone(),
            ids => ids.to_vec(),
        };
        // As in transformers, a bad word that is an end token is ignored.
        let is_end = |word: &[u32]| matches!(word, [id] if eos_ids.contains(id));
        let words = self.bad_words_ids.iter().filter(|word| !word.is_empty() && !is_end(word));
        // Ids outside the vocabulary are never generated.
        let known = |ids: &[u32]| -> Vec<u32> {
            ids.iter().copied().filter(|&id| (id as usize) < vocab_size).collect()
        };
        DecodingConfig {
            strategy: match self.num_beams {
                1 if self.force_words_ids.is_empty() => Strategy::Greedy,
                beams => BeamSearch::new(beams)
                    .with_early_stopping(self.early_stopping)
                    .with_groups(self.num_beam_groups, self.diversity_penalty)
                    .with_n_best(self.num_return_sequences)
                    .into(),
            },
            forced_bos: self.forced_bos_token_id,
            forced_eos: self.forced_eos_token_ids.clone(),
            suppressed: known(&self.suppress_tokens),
            suppressed_first: known(&self.begin_suppress_tokens),
            bad_words: words.cloned().collect(),
            normalization: match self.renormalize_logits {
                true => Normalization::Remaining,
                false => Normalization::WholeVocabulary,
            },
            length_penalty: LengthPenalty::Power(self.length_penalty),
            no_repeat_ngram_size: self.no_repeat_ngram_size,
            repetition_penalty: self.repetition_penalty,
            no_source_ngram_size: self.encoder_no_repeat_ngram_size,
            source_repetition_penalty: self.encoder_repetition_penalty,
            sequence_bias: self.sequence_bias.clone(),
            end_boost: self.exponential_decay_length_penalty,
            phrases: match self.force_words_ids.as_slice() {
                [] => Phrases::default(),
                phrases => Phrases::same(phrases.to_vec()),
            },
            eos_ids: known(&eos_ids),
            ..base
        }
    }

    /// The maximum number of tokens after a prompt of `prompt_len`.
    fn limit(&self, prompt_len: usize) -> Option<usize> {
        let length = || self.max_length.map(|length| length.saturating_sub(prompt_len).max(1));
        self.max_new_tokens.or_else(length)
    }

    /// The minimum number of tokens after a prompt of `prompt_len`.
    fn minimum(&self, prompt_len: usize) -> usize {
        self.min_new_tokens.unwrap_or(self.min_length.saturating_sub(prompt_len))
    }
}
