//! Greedy decoding.

use crate::one_path::follow_one_path;
use crate::top_k::TopK;
use crate::{GenerateConfig, GenerateError, Hypothesis, StepModel};

/// Extends each of `batch` sequences by its most probable token until the end token or the length limit.
///
/// Of equally probable tokens the one with the lowest id is taken. The model starts with one row per sequence; rows of
/// sequences that have ended are dropped. Results are in the order of the input and do not depend on the number of
/// threads. The score is that of [`beam_search`](crate::beam_search).
///
/// # Errors
/// If an option is out of range, or the model's logits are of the wrong number or have no softmax.
pub fn greedy(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &GenerateConfig,
) -> Result<Vec<Hypothesis>, GenerateError> {
    follow_one_path(model, batch, config, |logits, _| {
        let mut best = TopK::new(1);
        best.offer(0, logits, 0.0);
        best.into_best().first().map(|candidate| candidate.token)
    })
}
