//! `generation_config.json`: the default decoding options of a model.

mod ctranslate2;
mod file;
mod keys;
mod not_followed;
mod search;

use crosshead_generate::EarlyStopping;

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
    /// The file that these options were read from. Its unsupported keys are kept when the options are saved.
    pub file: Option<GenerationFile>,
}

impl Default for GenerationDefaults {
    /// Greedy decoding without constraints.
    fn default() -> Self {
        keys::Keys::default().into_defaults()
    }
}
