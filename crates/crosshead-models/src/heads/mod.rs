//! Task heads of encoders.

mod masked_lm;
mod pooling;
mod sequence_classifier;
mod token_classifier;

pub use masked_lm::MaskedLm;
pub use pooling::Pooling;
pub use sequence_classifier::{ClassifierHead, PoolerActivation, ProblemType, SequenceClassifier};
pub use token_classifier::TokenClassifier;

/// The labels that transformers uses for unnamed classes.
pub(crate) fn default_labels(n: usize) -> Vec<String> {
    (0..n).map(|id| format!("LABEL_{id}")).collect()
}
