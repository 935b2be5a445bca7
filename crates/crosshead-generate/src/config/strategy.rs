//! How the next token is chosen: greedily, by beam search or by sampling.

use serde::{Deserialize, Serialize};

use super::Sampling;

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The most probable token; of equally probable ones, that with the lowest id.
    #[default]
    Greedy,
    /// The tokens of the most probable sequences that a beam search finds.
    BeamSearch(BeamSearch),
    /// A token drawn from the model's distribution.
    Sampling(Sampling),
}

impl From<BeamSearch> for Strategy {
    fn from(options: BeamSearch) -> Self {
        Self::BeamSearch(options)
    }
}

impl From<Sampling> for Strategy {
    fn from(options: Sampling) -> Self {
        Self::Sampling(options)
    }
}

/// Options of a beam search.
///
/// At each step the `2 · beams` best continuations of a sequence's live beams are ranked by log-probability (`(1 + n) ·
/// beams` where there are n > 1 end tokens). Those with an end token among the first `beams` become finished hypotheses,
/// of which the `beams` best by score are kept; the first `beams` of the others live on. At the length limit the first
/// `beams` continuations are kept as they are. The tokens and scores are those of `generate(num_beams=…)` of transformers
/// 5; of equally good continuations the one of the better beam, then the one with the lower token id, goes first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeamSearch {
    /// Number of hypotheses followed at once.
    pub beams: usize,
    /// Number of hypotheses returned, at most `beams`; fewer where fewer exist.
    pub n_best: usize,
    /// When a sequence with `beams` finished hypotheses is done.
    pub early_stopping: EarlyStopping,
}

impl BeamSearch {
    /// A search with this many beams that returns the best hypothesis.
    pub fn new(beams: usize) -> Self {
        Self { beams, n_best: 1, early_stopping: EarlyStopping::Heuristic }
    }

    /// Returns the `n_best` best hypotheses, which must be at most the number of beams. Default: 1.
    pub fn with_n_best(self, n_best: usize) -> Self {
        Self { n_best, ..self }
    }

    /// Sets when a sequence is done. Default: [`EarlyStopping::Heuristic`].
    pub fn with_early_stopping(self, early_stopping: EarlyStopping) -> Self {
        Self { early_stopping, ..self }
    }
}

/// When beam search is done with a sequence that has as many finished hypotheses as beams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlyStopping {
    /// At once (`early_stopping=True` of transformers).
    Full,
    /// When the best live beam, ended here, would rank below all of them (`early_stopping=False`).
    #[default]
    Heuristic,
    /// When the best live beam would rank below all of them even if it grew to the best length for its score without
    /// losing probability (`early_stopping="never"`).
    Never,
}
