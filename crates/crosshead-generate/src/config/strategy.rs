//! Decoding strategies: greedy decoding, beam search, sampling.

use serde::{Deserialize, Serialize};

use super::Sampling;

/// A decoding strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Greedy decoding: the most probable token; ties go to the lowest id.
    #[default]
    Greedy,
    /// Beam search.
    BeamSearch(BeamSearch),
    /// Sampling.
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

/// Beam search options.
///
/// Each step ranks the `2 · beams` best continuations of a sequence's live beams by log-probability (`(1 + n) · beams` with n >
/// 1 end tokens). Those among the first `beams` that end with an end token become finished hypotheses, and the `beams`
/// best of these by score are kept. The first `beams` continuations without an end token become the live beams. At the
/// length limit, the first `beams` continuations are finished as they are. Tokens and scores equal those of
/// `generate(num_beams=…)` in transformers 5; ties go to the better beam, then to the lower token id.
///
/// With several `groups`, each is such a search with its share of the beams. In each step, the log-probability of a token is
/// lowered by `diversity_penalty` for each beam of an earlier group that has just chosen it (Vijayakumar et al., *Diverse Beam
/// Search*, 2018, section 3, with the Hamming distance); the first group is an ordinary beam search. The best
/// hypotheses of all groups are returned.
///
/// With [`phrases`](crate::DecodingConfig::phrases), the beams are divided among hypotheses with different numbers of phrase
/// tokens (Post and Vilar, *Fast Lexically Constrained Decoding with Dynamic Beam Allocation*, 2018), and a hypothesis ends only
/// with all phrases. One without all of them is returned only if it reached the length limit or was stopped, and there is no other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeamSearch {
    /// Number of beams.
    pub beams: usize,
    /// Maximum number of hypotheses returned, at most `beams`.
    pub n_best: usize,
    /// When the search for a sequence with `beams` finished hypotheses stops.
    pub early_stopping: EarlyStopping,
    /// Number of groups of beams, a divisor of `beams`.
    #[serde(default = "one_group")]
    pub groups: usize,
    /// What is subtracted from the log-probability of a token for each time that earlier groups chose it.
    #[serde(default)]
    pub diversity_penalty: f32,
}

/// The default number of groups.
fn one_group() -> usize {
    1
}

impl BeamSearch {
    /// Beam search that returns the best hypothesis.
    pub fn new(beams: usize) -> Self {
        Self {
            beams,
            n_best: 1,
            early_stopping: EarlyStopping::Heuristic,
            groups: 1,
            diversity_penalty: 0.0,
        }
    }

    /// Divides the beams into groups that differ from each other. Default: one group.
    pub fn with_groups(self, groups: usize, diversity_penalty: f32) -> Self {
        Self { groups, diversity_penalty, ..self }
    }

    /// Number of beams of each group.
    pub(crate) fn group_size(&self) -> usize {
        self.beams / self.groups
    }

    /// Returns the `n_best` best hypotheses, at most the number of beams. Default: 1.
    pub fn with_n_best(self, n_best: usize) -> Self {
        Self { n_best, ..self }
    }

    /// Sets when the search for a sequence stops. Default: [`EarlyStopping::Heuristic`].
    pub fn with_early_stopping(self, early_stopping: EarlyStopping) -> Self {
        Self { early_stopping, ..self }
    }
}

/// When to stop the search for a sequence that has as many finished hypotheses as beams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlyStopping {
    /// Immediately (`early_stopping=True` of transformers).
    Full,
    /// When the best live beam would rank below all of them if it ended now (`early_stopping=False`).
    #[default]
    Heuristic,
    /// When the best live beam would rank below all of them even if it reached the length with the best score at no loss of
    /// probability (`early_stopping="never"`).
    Never,
}
