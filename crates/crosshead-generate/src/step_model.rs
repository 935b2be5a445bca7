//! The seam between a model and decoding.

use crate::GenerateError;

/// A model that is fed one token per live row and remembers what it has seen.
///
/// What the rows attend to (an encoder's memory, a prompt) is the model's own business: it is set up before decoding
/// starts, one row per sequence of the batch.
pub trait StepModel {
    /// Number of tokens in the vocabulary.
    fn vocab_size(&self) -> usize;

    /// Feeds `tokens[row]` to each row and returns the logits of the next token, row-major `[rows, vocab_size]`.
    fn step(&mut self, tokens: &[u32]) -> Vec<f32>;

    /// Feeds `count` tokens to each row, `tokens` being row-major `[rows, count]`, and returns the logits after each of
    /// them, row-major `[rows, count, vocab_size]`.
    ///
    /// By default they are fed one by one; a model that can read them at once should, for long prompts and for checking
    /// what a draft model guessed.
    ///
    /// # Panics
    /// If `tokens` is not a multiple of `count`.
    fn step_many(&mut self, tokens: &[u32], count: usize) -> Vec<f32> {
        assert!(count > 0 && tokens.len().is_multiple_of(count), "{count} tokens for each row");
        let (rows, vocab_size) = (tokens.len() / count, self.vocab_size());
        let mut logits = vec![0.0; tokens.len() * vocab_size];
        for at in 0..count {
            let column: Vec<u32> = tokens.iter().skip(at).step_by(count).copied().collect();
            let found = self.step(&column);
            for row in 0..rows {
                let to = (row * count + at) * vocab_size;
                logits[to..][..vocab_size]
                    .copy_from_slice(&found[row * vocab_size..][..vocab_size]);
            }
        }
        logits
    }

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
