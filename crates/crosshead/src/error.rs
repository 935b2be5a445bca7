//! What can go wrong between a user's files and a result.

/// What can go wrong between a user's files and a result: the errors of the crates, each as it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A task.
    #[error(transparent)]
    Task(#[from] crosshead_tasks::TaskError),
    /// A recipe or its run.
    #[error(transparent)]
    Recipe(#[from] crosshead_recipes::RunError),
    /// Text data.
    #[error(transparent)]
    Data(#[from] crosshead_data::DataError),
    /// A tokenizer.
    #[error(transparent)]
    Tokenize(#[from] crosshead_tokenize::TokenizeError),
    /// A model directory.
    #[error(transparent)]
    Model(#[from] crosshead_models::ModelError),
    /// A file of weights.
    #[error(transparent)]
    Weights(#[from] crosshead_weights::WeightsError),
    /// Decoding.
    #[error(transparent)]
    Generate(#[from] crosshead_generate::GenerateError),
    /// Training.
    #[error(transparent)]
    Train(#[from] crosshead_train::TrainError),
    /// A recipe whose training leaves the finite numbers.
    #[error("{0}; lower train.peak or raise train.warmup, or look at the data")]
    Diverged(crosshead_train::TrainError),
    /// A metric.
    #[error(transparent)]
    Evaluate(#[from] crosshead_evaluate::EvaluateError),
    /// A fetch from the Hugging Face Hub.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] crosshead_hub::HubError),
    /// A file system error without a path of its own.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
