//! One error type for all crates.

/// An error from any of the crates.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A task error.
    #[error(transparent)]
    Task(#[from] crosshead_tasks::TaskError),
    /// A recipe or run error.
    #[error(transparent)]
    Recipe(#[from] crosshead_recipes::RunError),
    /// A text data error.
    #[error(transparent)]
    Data(#[from] crosshead_data::DataError),
    /// A document that cannot be read or written.
    #[error(transparent)]
    Document(#[from] crosshead_documents::DocumentError),
    /// A tokenizer error.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// A model directory error.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// A weight file error.
    #[error(transparent)]
    Weights(#[from] crosshead_weights::WeightsError),
    /// A decoding error.
    #[error(transparent)]
    Generate(#[from] crosshead_generate::GenerateError),
    /// A training error.
    #[error(transparent)]
    Train(#[from] crosshead_train::TrainError),
    /// An evaluation error.
    #[error(transparent)]
    Evaluate(#[from] crosshead_evaluate::EvaluateError),
    /// An error from the Hugging Face Hub client.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] crosshead_hub::HubError),
    /// An I/O error without a path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
