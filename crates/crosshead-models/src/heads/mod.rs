//! What comes after an encoder: the heads of its tasks.

mod masked_lm;
mod pooling;
mod sequence_classifier;
mod token_classifier;

pub use masked_lm::MaskedLm;
pub use pooling::Pooling;
pub use sequence_classifier::{ClassifierHead, PoolerActivation, ProblemType, SequenceClassifier};
pub use token_classifier::TokenClassifier;

/// What transformers calls classes without names.
pub(crate) fn default_labels(n: usize) -> Vec<String> {
    (0..n).map(|id| format!("LABEL_{id}")).collect()
}
