//! `generation_config.json`: the default decoding options of a model.

mod ctranslate2;
mod file;
mod keys;
mod not_followed;
mod search;

use crosshead_generate::{EarlyStopping, EndBoost, Phrase, SequenceBias};

pub use file::GenerationFile;
pub use not_followed::NotFollowed;

/// The default decoding options of a model. Names and defaults are those of transformers.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationDefaults {
    /// The number of beams; 1 for greedy decoding.
    pub num_beams: usize,
    /// The length penalty α of the score log p / lenᵅ.
    pub length_penalty: f32,
    /// When beam search stops.
    pub early_stopping: EarlyStopping,
    /// The maximum number of tokens, including the start token or prompt.
    pub max_length: Option<usize>,
    /// The maximum number of tokens after the start token or prompt; overrides `max_length`.
    pub max_new_tokens: Option<usize>,
    /// The minimum number of tokens before the end token, including the start token or prompt.
    pub min_length: usize,
    /// The minimum number of tokens after the start token or prompt; overrides `min_length`.
    pub min_new_tokens: Option<usize>,
    /// The size of n-grams that may occur only once; 0 for no limit.
    pub no_repeat_ngram_size: usize,
    /// The repetition penalty for tokens that have occurred before; 1 for none.
    pub repetition_penalty: f32,
    /// The token that starts an empty prompt.
    pub bos_token_id: Option<u32>,
    /// The first token of the decoder input. Default: the one in `config.json`.
    pub decoder_start_token_id: Option<u32>,
    /// The tokens that end a sequence. If empty, those in `config.json` are used.
    pub eos_token_ids: Vec<u32>,
    /// The forced first token of every sequence, such as the code of the target language.
    pub forced_bos_token_id: Option<u32>,
    /// The candidates for the forced last token of a sequence that reaches the maximum length. If empty, the sequence
    /// is cut off.
    pub forced_eos_token_ids: Vec<u32>,
    /// Token sequences that are never generated.
    pub bad_words_ids: Vec<Vec<u32>>,
    /// Tokens that are never generated.
    pub suppress_tokens: Vec<u32>,
    /// Tokens that are never generated at the first position.
    pub begin_suppress_tokens: Vec<u32>,
    /// Whether probabilities are renormalized after tokens are suppressed.
    pub renormalize_logits: bool,
    /// Whether tokens are sampled. Default in transformers: `false`.
    pub do_sample: Option<bool>,
    /// The sampling temperature. Default in transformers: 1.
    pub temperature: Option<f32>,
    /// The number of most probable tokens to sample from; 0 for all. Default in transformers: 50.
    pub top_k: Option<usize>,
    /// The cumulative probability of the tokens to sample from. Default in transformers: 1.
    pub top_p: Option<f32>,
    /// The size of n-grams of the source, or of the prompt of a causal language model, that may not occur; 0 for no limit.
    pub encoder_no_repeat_ngram_size: usize,
    /// Makes the tokens of the source or prompt more likely if it is above 1; 1 for none.
    pub encoder_repetition_penalty: f32,
    /// Makes end tokens more likely the longer a sequence is.
    pub exponential_decay_length_penalty: Option<EndBoost>,
    /// Changes the scores of tokens that complete a sequence.
    pub sequence_bias: Vec<SequenceBias>,
    /// Words that must occur, each in one of its forms.
    pub force_words_ids: Vec<Phrase>,
    /// The number of groups of beams.
    pub num_beam_groups: usize,
    /// What is subtracted from the log-probability of a token for each time that earlier groups of beams chose it.
    pub diversity_penalty: f32,
    /// The number of hypotheses to return for each input.
    pub num_return_sequences: usize,
    /// Texts at which a sequence ends.
    pub stop_strings: Vec<String>,
    /// The number of seconds after which all sequences of a batch end.
    pub max_time: Option<f64>,
    /// The probability of the tokens to sample from, relative to the most probable one. Default in transformers: none.
    pub min_p: Option<f32>,
    /// The cumulative probability of the most typical tokens to sample from. Default in transformers: 1.
    pub typical_p: Option<f32>,
    /// The probability of the tokens to sample from. Default in transformers: 0.
    pub epsilon_cutoff: Option<f32>,
    /// The limit of the entropy-dependent probability of the tokens to sample from. Default in transformers: 0.
    pub eta_cutoff: Option<f32>,
    /// The share of the entropy of the most probable tokens to sample from. Default in transformers: none.
    pub top_h: Option<f32>,
    /// The file that these options were read from. Its unsupported keys are kept when the options are saved.
    pub file: Option<GenerationFile>,
}

impl Default for GenerationDefaults {
    /// Greedy decoding without constraints.
    fn default() -> Self {
        keys::Keys::default().into_defaults()
    }
}
