//! Task errors.

use std::path::PathBuf;

use crosshead_models::AttentionKind;

/// A task error.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The directory contains no model.
    #[error("{}: no model found; expected a model directory (with config.json) or a run directory (with model/)", .0.display())]
    NoModel(PathBuf),
    /// A Hub id in place of a directory.
    #[error(
        "{0}: no such directory; to use a model from the Hugging Face Hub, run `crosshead fetch \
         {0}` and pass the directory that it prints"
    )]
    HubId(String),
    /// The target language is not known.
    #[error(
        "the model's files do not name a target language; set it (--to) to one of {}",
        known.join(", ")
    )]
    NoTargetLanguage {
        /// The language codes of the model.
        known: Vec<String>,
    },
    /// The tokenizer and the model of a directory do not match.
    #[error("{}: {source}", dir.display())]
    Mismatch {
        /// The directory.
        dir: PathBuf,
        /// The ids outside the model's vocabulary.
        source: crosshead_tokenize::TokenizeError,
    },
    /// The prompt is empty and the model has no begin token.
    #[error("the prompt is empty and this model has no begin token; pass a non-empty prompt")]
    EmptyPrompt,
    /// The prompt leaves no room for a new token.
    #[error(
        "the prompt has {tokens} tokens, but the model's max_length is {max_length} including new tokens; set the number of \
         new tokens (--max-tokens, or max_new_tokens in generation_config.json)"
    )]
    PromptAtLimit {
        /// Number of tokens of the prompt.
        tokens: usize,
        /// The model's maximum length, including the prompt.
        max_length: usize,
    },
    /// Beam search and sampling at the same time.
    #[error(
        "`beams` above 1 cannot be combined with sampling; set temperature to 0, or remove `beams`"
    )]
    BeamsWithSampling,
    /// Several hypotheses from greedy decoding.
    #[error(
        "`n_best` is {n_best}, but greedy decoding finds one text; set `beams` to at least {n_best}"
    )]
    NBestOfGreedy {
        /// The number of hypotheses.
        n_best: usize,
    },
    /// A target prefix for a causal language model.
    #[error(
        "`target_prefix` is for encoder-decoders; write the beginning of the text into the prompt"
    )]
    NoTargetPrefix,
    /// Required texts for a causal language model.
    #[error(
        "required texts are for encoder-decoders; set `force_words` for a causal language model"
    )]
    NoRequired,
    /// The length ratio is out of range.
    #[error("`max_length_ratio` is {ratio}: it must be a finite number above 0")]
    MaxLengthRatio {
        /// The ratio.
        ratio: f32,
    },
    /// An offset of a length limit that is not set.
    #[error("`max_length_offset` has no effect without `max_length_ratio`; set it too")]
    MaxLengthOffset,
    /// Drafted tokens for a strategy other than greedy decoding.
    #[error("{drafts} needs greedy decoding and cannot be combined with {strategy}; {fix}")]
    DraftsNotGreedy {
        /// Where the drafts come from.
        drafts: &'static str,
        /// What selects another strategy.
        strategy: &'static str,
        /// How to select greedy decoding.
        fix: &'static str,
    },
    /// Drafts of two kinds.
    #[error("`prompt_lookup` cannot be combined with a draft model; remove one of them")]
    TwoDrafts,
    /// No tokens to draft.
    #[error("the number of drafted tokens is 0: it must be 1 or more")]
    NoDrafts,
    /// A draft model with another vocabulary.
    #[error(
        "the draft model has another vocabulary: it has {of_draft} tokens instead of {tokens}, or other ones; take a smaller \
         model with the same tokenizer"
    )]
    DraftVocabulary {
        /// The number of tokens of the draft model.
        of_draft: usize,
        /// The number of tokens of the model.
        tokens: usize,
    },
    /// The time limit is out of range.
    #[error("the time limit is {seconds} seconds: it must be a finite number from 0")]
    TimeLimit {
        /// The limit.
        seconds: f64,
    },
    /// A text without tokens.
    #[error("`{text}` has no tokens, so it can neither be forbidden nor required")]
    EmptyPhrase {
        /// The text.
        text: String,
    },
    /// The embedding model has no prompt with this name.
    #[error("the model has no prompt `{name}`; its prompts are: {known}")]
    NoPrompt {
        /// The requested name.
        name: String,
        /// The names of the model's prompts.
        known: String,
    },
    /// The `recipe.toml` of a run could not be read.
    #[error("{}: {reason}", path.display())]
    RunRecipe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A text without a mask to fill.
    #[error("`{text}`: {reason}")]
    NoMask {
        /// The text.
        text: String,
        /// Why there is no mask.
        reason: String,
    },
    /// A kind of attention that the model does not have.
    #[error("the model has no {kind} attention; it has: {}", names(known))]
    NoAttentionKind {
        /// The kind.
        kind: AttentionKind,
        /// The kinds of the model.
        known: Vec<AttentionKind>,
    },
    /// A layer that the model does not have.
    #[error(
        "there is no layer with index {layer} of {kind} attention: the model has {n_layers} layers"
    )]
    NoAttentionLayer {
        /// The kind of attention.
        kind: AttentionKind,
        /// The index of the layer.
        layer: usize,
        /// The number of layers.
        n_layers: usize,
    },
    /// A head that the model does not have.
    #[error(
        "there is no head with index {head} of {kind} attention: each layer has {n_heads} heads"
    )]
    NoAttentionHead {
        /// The kind of attention.
        kind: AttentionKind,
        /// The index of the head.
        head: usize,
        /// The number of heads.
        n_heads: usize,
    },
    /// A target for a causal language model.
    #[error("a causal language model takes one text and no target")]
    NoAttentionTarget,
    /// A text without tokens.
    #[error("`{text}` has no tokens")]
    NoTokens {
        /// The text.
        text: String,
    },
    /// An error from the tokenizer.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// A model directory error.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// A decoding error.
    #[error(transparent)]
    Generate(#[from] crosshead_generate::GenerateError),
}

/// The names of kinds of attention.
fn names(kinds: &[AttentionKind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
