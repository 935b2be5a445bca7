//! Sentence embeddings.

mod evaluate;
mod files;
mod job;
mod sections;
mod texts;

pub use evaluate::{embedding_ranks, embedding_scores};
pub(crate) use job::EmbedJob;
pub use sections::{EmbedKind, EmbedRecipe, RankedSection};
pub use texts::ScoredPair;
