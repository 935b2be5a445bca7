//! The caller's decoding options.

mod drafts;
mod resolve;
mod strategy;

use crosshead_generate::EarlyStopping;
use serde::{Deserialize, Serialize};

pub(crate) use drafts::check_drafts;
pub(crate) use resolve::{Batch, Plan, start_id};
pub(crate) use strategy::ModelKind;

/// Decoding options that override those of the model.
///
/// An option that is `None` takes its value from the model's `generation_config.json`. The defaults below apply if the
/// file does not set it either. Lists add to those of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeOptions {
    /// Number of beams of beam search; 1 is greedy decoding, or sampling if a sampling option is set. Default: 1.
    pub beams: Option<usize>,
    /// Number of hypotheses to return for each text, at most `beams`; in sampling, number of samples. Default: 1.
    pub n_best: Option<usize>,
    /// Number of groups of beams that differ from each other, a divisor of `beams`. Default: 1.
    pub beam_groups: Option<usize>,
    /// What is subtracted from the log-probability of a token for each time that earlier groups of beams chose it. Default: 0.
    pub diversity_penalty: Option<f32>,
    /// Exponent α of the length penalty of beam search, which ranks hypotheses by log p / lenᵅ. Default: 1.
    pub length_penalty: Option<f32>,
    /// When beam search stops. Default: [`EarlyStopping::Heuristic`].
    pub early_stopping: Option<EarlyStopping>,
    /// Maximum number of new tokens. Default: 200 for causal language models; the model's maximum length for
    /// encoder-decoders.
    pub max_tokens: Option<usize>,
    /// Limits the number of new tokens, including the end token, to ⌈`max_length_ratio` · n⌉ + `max_length_offset`, where n is the
    /// number of tokens of the source or prompt with its special tokens and prefix. `max_tokens` and the model's maximum length still
    /// apply. Default: none.
    pub max_length_ratio: Option<f32>,
    /// The number of tokens that is added to the limit of `max_length_ratio`, which must be set. Default: 0.
    pub max_length_offset: Option<usize>,
    /// Minimum number of new tokens. Default: 0.
    pub min_tokens: Option<usize>,
    /// Size of n-grams that may occur only once; 0 for no limit. Default: 0.
    pub no_repeat_ngram_size: Option<usize>,
    /// Size of n-grams of the source or prompt that may not occur; 0 for no limit. Default: 0.
    pub no_source_ngram_size: Option<usize>,
    /// Makes tokens that have occurred before less likely (above 1) or more likely (below 1). Default: 1.
    pub repetition_penalty: Option<f32>,
    /// Number of consecutive copies of an n-gram from which on a hypothesis counts as a loop and loses; see
    /// [`LoopGuard`](crosshead_generate::LoopGuard). Default: none.
    pub loop_guard: Option<usize>,
    /// Texts that are not generated, as the tokenizer splits them into tokens.
    pub bad_words: Vec<String>,
    /// Texts that must occur, as the tokenizer splits them into tokens, by constrained beam search.
    pub force_words: Vec<String>,
    /// The beginning of every output. Encoder-decoders only. Default: none.
    pub target_prefix: Option<String>,
    /// Texts at which an output ends; they are part of it.
    pub stop_strings: Vec<String>,
    /// Seconds after which the texts of a batch end. Default: none.
    pub time_limit: Option<f64>,
    /// Sampling temperature, which divides the logits; 0 disables sampling. Default: 0.8 for causal language models; 1 for
    /// encoder-decoders if another sampling option is set.
    pub temperature: Option<f32>,
    /// Samples only from the `top_k` most probable tokens; 0 disables it. Default: 0.
    pub top_k: Option<usize>,
    /// Samples only from the most probable tokens whose cumulative probability reaches `top_p`; 1 disables it. Default: 1.
    pub top_p: Option<f32>,
    /// Samples only from tokens with at least `min_p` times the probability of the most probable one; 0 disables it.
    /// Default: 0.
    pub min_p: Option<f32>,
    /// Samples only from the tokens whose information is closest to the entropy, up to the cumulative probability `typical_p`;
    /// 1 disables it. Default: 1.
    pub typical_p: Option<f32>,
    /// Random seed of sampling. Default: 1.
    pub seed: Option<u64>,
    /// Index of the first text for sampling. Several calls with consecutive indices sample the same texts as a single
    /// call with all prompts. Default: 0.
    pub first_sequence: Option<usize>,
    /// Number of most probable tokens to return for each position. Default: 0.
    pub alternatives: usize,
    /// Speculative decoding: in greedy decoding, up to this many tokens are copied from the source or prompt, or from the text so
    /// far, and checked in one pass of the model; see [`decode_speculatively`](crosshead_generate::decode_speculatively). Texts are
    /// then decoded one at a time. Default: none.
    pub prompt_lookup: Option<usize>,
}
