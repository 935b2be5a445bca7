//! The seam between a model and the search over its outputs.

use crate::GenerateError;

/// A model that is fed one token per live row and remembers what it has seen.
///
/// What the rows attend to (an encoder's memory, a prompt) is the model's own business: it is set up before the search
/// starts, one row per sequence of the batch.
pub trait StepModel {
    /// Number of tokens in the vocabulary.
    fn vocab_size(&self) -> usize;

    /// Feeds `tokens[row]` to each row and returns the logits of the next token, row-major `[rows, vocab_size]`.
    fn step(&mut self, tokens: &[u32]) -> Vec<f32>;

    /// Row `i` of the next step continues row `rows[i]` of this one; rows may repeat, disappear or change places.
    fn reorder(&mut self, rows: &[usize]);
}

/// Runs one step and checks the shape of what comes back.
pub(crate) fn checked_step(
    model: &mut (impl StepModel + ?Sized),
    tokens: &[u32],
) -> Result<Vec<f32>, GenerateError> {
    let logits = model.step(tokens);
    let (rows, vocab_size) = (tokens.len(), model.vocab_size());
    if logits.len() != rows * vocab_size {
        return Err(GenerateError::LogitsShape { len: logits.len(), rows, vocab_size });
    }
    Ok(logits)
}

/// Reorders the model's rows unless every row simply continues itself or none is left.
///
/// `rows_before` is the number of rows in the last step.
pub(crate) fn reorder_if_changed(
    model: &mut (impl StepModel + ?Sized),
    rows: &[usize],
    rows_before: usize,
) {
    if !rows.is_empty() && !rows.iter().copied().eq(0..rows_before) {
        model.reorder(rows);
    }
}
