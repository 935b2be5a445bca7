//! `generation_config.json`: how a model's outputs are decoded unless the user says otherwise.

mod file;
mod keys;
mod not_followed;
mod search;

use crosshead_generate::EarlyStopping;

pub use file::GenerationFile;
pub use not_followed::NotFollowed;

/// The decoding options that a model directory asks for; names and defaults are those of transformers.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationDefaults {
    /// Number of beams; 1 for greedy decoding.
    pub num_beams: usize,
    /// α of the score log p / lenᵅ.
    pub length_penalty: f32,
    /// When a beam search is done.
    pub early_stopping: EarlyStopping,
    /// Most tokens, the start token or prompt counted.
    pub max_length: Option<usize>,
    /// Most tokens after the start token or prompt; takes precedence over `max_length`.
    pub max_new_tokens: Option<usize>,
    /// Fewest tokens before the end, the start token or prompt counted.
    pub min_length: usize,
    /// Fewest tokens after the start token or prompt before the end; takes precedence over `min_length`.
    pub min_new_tokens: Option<usize>,
    /// No n-gram of this many tokens may occur twice; 0 for no such limit.
    pub no_repeat_ngram_size: usize,
    /// What makes tokens that occurred before less likely; 1 for nothing.
    pub repetition_penalty: f32,
    /// The token in place of an empty prompt.
    pub bos_token_id: Option<u32>,
    /// The token that starts the decoder; that of `config.json` where there is none.
    pub decoder_start_token_id: Option<u32>,
    /// The tokens that end a sequence; those of `config.json` where there are none.
    pub eos_token_ids: Vec<u32>,
    /// The first token of every sequence, such as the code of the target language.
    pub forced_bos_token_id: Option<u32>,
    /// The tokens of which one is the last of a sequence that reaches its limit; empty where such a sequence is cut off.
    pub forced_eos_token_ids: Vec<u32>,
    /// Sequences of tokens that are never generated.
    pub bad_words_ids: Vec<Vec<u32>>,
    /// Tokens that are never generated.
    pub suppress_tokens: Vec<u32>,
    /// Tokens that are not generated first.
    pub begin_suppress_tokens: Vec<u32>,
    /// Whether probabilities sum to 1 without what is forbidden.
    pub renormalize_logits: bool,
    /// Whether tokens are sampled; transformers takes an absent key for `false`.
    pub do_sample: Option<bool>,
    /// What logits are divided by before tokens are sampled; 1 in transformers where absent.
    pub temperature: Option<f32>,
    /// How many of the most probable tokens may be sampled, 0 for all; 50 in transformers where absent.
    pub top_k: Option<usize>,
    /// The share of the most probable tokens that may be sampled; 1 in transformers where absent.
    pub top_p: Option<f32>,
    /// The file that these options were read from, with the keys that are not followed; they are kept when the options
    /// are saved.
    pub file: Option<GenerationFile>,
}

impl Default for GenerationDefaults {
    /// Greedy decoding without constraints.
    fn default() -> Self {
        keys::Keys::default().into_defaults()
    }
}
