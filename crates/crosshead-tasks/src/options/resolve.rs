//! How the caller's options are combined with those of the model.

use std::time::Duration;

use crosshead_generate::{
    BeamSearch, DecodingConfig, Length, LoopGuard, Phrase, Phrases, Strategy,
};
use crosshead_models::{CausalLmConfig, EncoderDecoderConfig, GenerationDefaults};
use crosshead_tokenize::Tokenizer;

use super::DecodeOptions;
use super::drafts::check_drafts;
use super::strategy::ModelKind;
use crate::TaskError;
use crate::words::{Required, Words};

/// Maximum number of new tokens of a causal language model if neither the caller nor the model sets a limit.
const MAX_TOKENS: usize = 200;
/// Number of beams for texts with required phrases, unless the caller or the model asks for more.
const BEAMS_WITH_PHRASES: usize = 8;

/// The rows of a batch.
pub(crate) struct Batch<'a> {
    /// The source of each row, or its prompt.
    pub(crate) rows: &'a [Vec<u32>],
    /// The number of each row for sampling.
    pub(crate) numbers: Vec<usize>,
    /// What the output of each row must contain; empty for nothing.
    pub(crate) required: Vec<&'a [Required]>,
    /// For each id, whether a word may end before it; needed if something is required.
    pub(crate) boundaries: &'a [bool],
}

/// How a batch is decoded.
pub(crate) struct Plan {
    pub(crate) config: DecodingConfig,
    /// The ids at the beginning of every output, which are not generated.
    pub(crate) prefix: Vec<u32>,
    /// The number of rows for each text.
    pub(crate) samples: usize,
    /// Texts at which an output ends.
    pub(crate) stop_strings: Vec<String>,
    /// The time after which all rows end.
    pub(crate) time_limit: Option<Duration>,
    /// The number of tokens to draft by prompt lookup.
    pub(crate) lookup: Option<usize>,
}

impl DecodeOptions {
    /// The plan for an encoder-decoder: the caller's options, then the languages set in the tokenizer, then the model's
    /// options.
    pub(crate) fn for_encoder_decoder(
        &self,
        generation: &GenerationDefaults,
        config: &EncoderDecoderConfig,
        tokenizer: &Tokenizer,
        batch: Batch<'_>,
    ) -> Result<Plan, TaskError> {
        let defaults = self.over(generation);
        // A target language set by the caller replaces the one in the model's files.
        let is_replaced =
            |id: &u32| tokenizer.decoder_start().is_some() && tokenizer.language(*id).is_some();
        let forced_bos = defaults.forced_bos_token_id.filter(|id| !is_replaced(id));
        let forced_bos = tokenizer.forced_bos().or(forced_bos);
        let start_id = start_id(generation, config, tokenizer);
        let prefix = match &self.target_prefix {
            Some(text) => Words::new(tokenizer).target_ids(text)?,
            None => Vec::new(),
        };
        let mut prompt = vec![start_id];
        if !prefix.is_empty() {
            prompt.extend(forced_bos);
            prompt.extend(&prefix);
        }
        let decoding = defaults.for_prompted_encoder_decoder(config, prompt.len());
        let decoding = DecodingConfig { start_id, forced_bos, ..decoding };
        // A forced token is a part of the output like the prefix after it.
        let prefix = prompt[1..].to_vec();
        let decoding = match prefix.as_slice() {
            [] => decoding,
            _ => decoding.with_prompts(vec![prompt; batch.rows.len()]),
        };
        let plan = self.plan(generation, ModelKind::EncoderDecoder, decoding, tokenizer, batch)?;
        Ok(Plan { prefix, ..plan })
    }

    /// The plan for a causal language model. If the model does not name an end token, the tokenizer's is used.
    pub(crate) fn for_causal_lm(
        &self,
        generation: &GenerationDefaults,
        config: &CausalLmConfig,
        tokenizer: &Tokenizer,
        batch: Batch<'_>,
    ) -> Result<Plan, TaskError> {
        if self.target_prefix.is_some() {
            return Err(TaskError::NoTargetPrefix);
        }
        let mut defaults = self.over(generation);
        if defaults.max_new_tokens.is_none() {
            match defaults.max_length {
                Some(max_length) => check_prompts(batch.rows, max_length)?,
                None => defaults.max_new_tokens = Some(MAX_TOKENS),
            }
        }
        let mut decoding = defaults.for_causal_lm(config, batch.rows);
        if decoding.eos_ids.is_empty() {
            decoding.eos_ids.extend(tokenizer.special().eos);
        }
        self.plan(generation, ModelKind::CausalLm, decoding, tokenizer, batch)
    }

    /// The options that do not depend on the kind of model.
    fn plan(
        &self,
        generation: &GenerationDefaults,
        kind: ModelKind,
        mut decoding: DecodingConfig,
        tokenizer: &Tokenizer,
        batch: Batch<'_>,
    ) -> Result<Plan, TaskError> {
        let words = Words::new(tokenizer);
        for word in &self.bad_words {
            decoding.bad_words.extend(words.spellings(word)?);
        }
        self.limit_length(&mut decoding, batch.rows)?;
        decoding.loop_guard = self.loop_guard.map(LoopGuard::new);
        decoding.alternatives = self.alternatives;
        let sees_source = decoding.loop_guard.is_some()
            || decoding.no_source_ngram_size > 0
            || decoding.source_repetition_penalty != 1.0;
        if sees_source {
            decoding.sources = batch.rows.to_vec();
        }
        self.require(generation, &mut decoding, &words, &batch)?;
        let sampling = self.sampling(generation, kind);
        if let Some(sampling) = sampling {
            if self.beams.is_some_and(|beams| beams > 1) {
                return Err(TaskError::BeamsWithSampling);
            }
            decoding.strategy = sampling.into();
        }
        let hypotheses = self.hypotheses(generation);
        if hypotheses > 1 && decoding.strategy == Strategy::Greedy {
            return Err(TaskError::NBestOfGreedy { n_best: hypotheses });
        }
        if self.prompt_lookup == Some(0) {
            return Err(TaskError::NoDrafts);
        }
        if self.prompt_lookup.is_some() {
            check_drafts("`prompt_lookup` (--prompt-lookup)", &decoding)?;
            decoding.sources = batch.rows.to_vec();
        }
        decoding.sequence_numbers = batch.numbers;
        Ok(Plan {
            config: decoding,
            prefix: Vec::new(),
            samples: self.samples(generation, kind),
            stop_strings: [generation.stop_strings.as_slice(), &self.stop_strings].concat(),
            time_limit: self.time_limit(generation)?,
            lookup: self.prompt_lookup,
        })
    }

    /// Limits the length of each row by that of its source.
    fn limit_length(
        &self,
        decoding: &mut DecodingConfig,
        sources: &[Vec<u32>],
    ) -> Result<(), TaskError> {
        let Some(ratio) = self.max_length_ratio else {
            return self.max_length_offset.map_or(Ok(()), |_| Err(TaskError::MaxLengthOffset));
        };
        if !(ratio.is_finite() && ratio > 0.0) {
            return Err(TaskError::MaxLengthRatio { ratio });
        }
        let offset = self.max_length_offset.unwrap_or(0);
        let limit = |(row, source): (usize, &Vec<u32>)| {
            let by_source = (source.len() as f32 * ratio).ceil() as usize;
            decoding.max_len.of(row).min(by_source.saturating_add(offset))
        };
        decoding.max_len = Length::PerRow(sources.iter().enumerate().map(limit).collect());
        Ok(())
    }

    /// Adds the phrases that must occur. The caller's need beam search, with enough beams for it to have a choice.
    fn require(
        &self,
        generation: &GenerationDefaults,
        decoding: &mut DecodingConfig,
        words: &Words<'_>,
        batch: &Batch<'_>,
    ) -> Result<(), TaskError> {
        let is_required = batch.required.iter().any(|required| !required.is_empty());
        if self.force_words.is_empty() && !is_required {
            return Ok(());
        }
        let mut everywhere: Vec<Phrase> = generation.force_words_ids.clone();
        for word in &self.force_words {
            everywhere.push(Phrase::new(words.spellings(word)?));
        }
        let mut lists = vec![everywhere; batch.rows.len()];
        for (list, required) in lists.iter_mut().zip(&batch.required) {
            for required in *required {
                list.push(words.phrase(required)?);
            }
        }
        decoding.phrases = Phrases::per_sequence(lists).with_boundaries(batch.boundaries);
        let search = match decoding.strategy {
            Strategy::BeamSearch(search) => search,
            Strategy::Greedy | Strategy::Sampling(_) => BeamSearch::new(1),
        };
        let beams = self.beams.unwrap_or(search.beams.max(BEAMS_WITH_PHRASES));
        decoding.strategy = BeamSearch { beams, ..search }.into();
        Ok(())
    }

    /// The time after which the texts of a batch end.
    fn time_limit(&self, generation: &GenerationDefaults) -> Result<Option<Duration>, TaskError> {
        let Some(seconds) = self.time_limit.or(generation.max_time) else { return Ok(None) };
        match Duration::try_from_secs_f64(seconds) {
            Ok(limit) => Ok(Some(limit)),
            Err(_) => Err(TaskError::TimeLimit { seconds }),
        }
    }

    /// The model's options, overridden by those of the caller that do not concern sampling.
    fn over(&self, generation: &GenerationDefaults) -> GenerationDefaults {
        let set = |own: Option<usize>, default| own.unwrap_or(default);
        GenerationDefaults {
            num_beams: set(self.beams, generation.num_beams),
            num_return_sequences: self.hypotheses(generation),
            // The groups of the model are for its own number of beams.
            num_beam_groups: match self.beams {
                Some(_) => set(self.beam_groups, 1),
                None => set(self.beam_groups, generation.num_beam_groups),
            },
            diversity_penalty: self.diversity_penalty.unwrap_or(generation.diversity_penalty),
            length_penalty: self.length_penalty.unwrap_or(generation.length_penalty),
            early_stopping: self.early_stopping.unwrap_or(generation.early_stopping),
            max_new_tokens: self.max_tokens.or(generation.max_new_tokens),
            min_new_tokens: self.min_tokens.or(generation.min_new_tokens),
            no_repeat_ngram_size: set(self.no_repeat_ngram_size, generation.no_repeat_ngram_size),
            encoder_no_repeat_ngram_size: set(
                self.no_source_ngram_size,
                generation.encoder_no_repeat_ngram_size,
            ),
            repetition_penalty: self.repetition_penalty.unwrap_or(generation.repetition_penalty),
            ..generation.clone()
        }
    }
}

/// The token that starts the decoder's input: that of the language set in the tokenizer, or else of the model.
pub(crate) fn start_id(
    generation: &GenerationDefaults,
    config: &EncoderDecoderConfig,
    tokenizer: &Tokenizer,
) -> u32 {
    let of_model = || generation.decoder_start_token_id.unwrap_or(config.start_id);
    tokenizer.decoder_start().unwrap_or_else(of_model)
}

/// Checks that each prompt leaves room for a new token.
fn check_prompts(prompts: &[Vec<u32>], max_length: usize) -> Result<(), TaskError> {
    match prompts.iter().find(|prompt| prompt.len() >= max_length) {
        Some(prompt) => Err(TaskError::PromptAtLimit { tokens: prompt.len(), max_length }),
        None => Ok(()),
    }
}
