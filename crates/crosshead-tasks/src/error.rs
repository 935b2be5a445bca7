//! What can go wrong between a text and a result.

use std::path::PathBuf;

/// What can go wrong between a text and a result.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A directory that holds no model.
    #[error("{}: no model there; give a model directory (with config.json) or a run directory (with model/)", .0.display())]
    NoModel(PathBuf),
    /// A Hub id where a directory belongs.
    #[error(
        "{0}: no such directory; if it is a model of the Hugging Face Hub, fetch it first with `crosshead fetch {0}`, and give the directory that it prints"
    )]
    HubId(String),
    /// A model that is not told what language to write.
    #[error("the model's files name no language to write: name it (--to) as one of {}", known.join(", "))]
    NoTargetLanguage {
        /// The codes of the languages that there are.
        known: Vec<String>,
    },
    /// A directory whose tokenizer and model do not belong together.
    #[error("{}: {source}", dir.display())]
    Mismatch {
        /// The directory.
        dir: PathBuf,
        /// Which ids the model does not know.
        source: crosshead_tokenize::TokenizeError,
    },
    /// A prompt that a text can't go on from.
    #[error(
        "the prompt is empty, and this model has no token that begins a text; give it some text"
    )]
    EmptyPrompt,
    /// A prompt that is as long as its text may become.
    #[error(
        "the prompt has {tokens} tokens, and the model's max_length allows {max_length} with what follows; set the \
         number of new tokens (--max-tokens, or max_new_tokens in generation_config.json)"
    )]
    PromptAtLimit {
        /// Tokens of the prompt.
        tokens: usize,
        /// The model's limit for prompt and text.
        max_length: usize,
    },
    /// A prompt that a model does not have.
    #[error("the model has no prompt `{name}`; its prompts are: {known}")]
    NoPrompt {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A model whose head is for none of the tasks.
    #[error("{}: a model without a head for a task", .0.display())]
    NoTask(PathBuf),
    /// A run's `recipe.toml` that can't be read.
    #[error("{}: {reason}", path.display())]
    RunRecipe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A text without a mask where words are to be guessed.
    #[error("`{text}`: {reason}")]
    NoMask {
        /// The text.
        text: String,
        /// Why no mask can be read.
        reason: String,
    },
    /// A tokenizer.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// A model directory.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// A search.
    #[error(transparent)]
    Generate(#[from] crosshead_generate::GenerateError),
}
