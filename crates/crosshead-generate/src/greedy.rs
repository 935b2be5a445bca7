//! Greedy decoding.

use crate::logits::LogitRow;
use crate::single_path::{Position, decode_single_path};
use crate::top_k::TopK;
use crate::{DecodingConfig, GenerateError, Hooks, Hypothesis, StepModel};

/// Extends each of `batch` sequences with its most probable token; ties go to the lowest id.
pub(crate) fn greedy(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &DecodingConfig,
    hooks: Hooks<'_>,
) -> Result<Vec<Hypothesis>, GenerateError> {
    decode_single_path(model, batch, config, hooks, most_probable)
}

/// The most probable token; ties go to the lowest id. `None` if every token is forbidden.
pub(crate) fn most_probable(logits: &LogitRow, _: Position) -> Option<u32> {
    TopK::of_row(1, logits).first().map(|candidate| candidate.token)
}
