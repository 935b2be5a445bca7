//! One error type for all crates.

/// An error from any of the crates.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error of a task.
    #[error(transparent)]
    Task(#[from] crosshead_tasks::TaskError),
    /// An error of a recipe or its run.
    #[error(transparent)]
    Recipe(#[from] crosshead_recipes::RunError),
    /// An error of text data.
    #[error(transparent)]
    Data(#[from] crosshead_data::DataError),
    /// An error of a tokenizer.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// An error of a model directory.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// An error of a weight file.
    #[error(transparent)]
    Weights(#[from] crosshead_weights::WeightsError),
    /// An error of decoding.
    #[error(transparent)]
    Generate(#[from] crosshead_generate::GenerateError),
    /// An error of training.
    #[error(transparent)]
    Train(#[from] crosshead_train::TrainError),
    /// An error of a metric.
    #[error(transparent)]
    Evaluate(#[from] crosshead_evaluate::EvaluateError),
    /// An error of the Hugging Face Hub client.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] crosshead_hub::HubError),
    /// An I/O error without a path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
