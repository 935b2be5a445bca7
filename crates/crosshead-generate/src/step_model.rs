//! The interface between a model and decoding.

use crate::GenerateError;

/// An incremental decoder: a model that is fed one token per live row and caches its state.
///
/// Anything else the rows attend to, such as the output of an encoder or a prompt, is set up by the model before decoding
/// starts, with one row per sequence of the batch.
pub trait StepModel {
    /// Number of tokens in the vocabulary.
    fn vocab_size(&self) -> usize;

    /// Feeds `tokens[row]` to each row and returns the logits of the next token, row-major `[rows, vocab_size]`.
    fn step(&mut self, tokens: &[u32]) -> Vec<f32>;

    /// Feeds `count` tokens to each row, row-major `[rows, count]`, and returns the logits after each of them, row-major
    /// `[rows, count, vocab_size]`.
    ///
    /// The default implementation calls [`step`](Self::step) for each token. Models that can process several tokens in one
    /// forward pass should override it: this speeds up long prompts and the verification of drafted tokens.
    ///
    /// # Panics
    /// If `count` is 0, or the number of tokens is not a multiple of it.
    fn step_many(&mut self, tokens: &[u32], count: usize) -> Vec<f32> {
        assert!(
            count > 0 && tokens.len().is_multiple_of(count),
            "{} tokens are not {count} per row",
            tokens.len()
        );
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

    /// Reorders the rows: row `i` of the next step continues row `rows[i]` of the last one. Rows may be repeated,
    /// dropped or permuted.
    fn reorder(&mut self, rows: &[usize]);
}

/// A [`StepModel`] that can discard the last tokens it was fed, as speculative decoding does with rejected drafts.
pub trait Rollback: StepModel {
    /// Discards the last `count` tokens of each row. The next step returns the same logits as if they had never been
    /// fed.
    ///
    /// # Panics
    /// If fewer than `count` tokens have been fed.
    fn rollback(&mut self, count: usize);

    /// The number of tokens that the next [`step_many`](StepModel::step_many) may feed to each row so that all but the first can
    /// be discarded; one can always be fed. Default: any number.
    fn room(&self) -> usize {
        usize::MAX
    }
}

/// Runs one step and checks the number of logits.
pub(crate) fn checked_step(
    model: &mut (impl StepModel + ?Sized),
    tokens: &[u32],
) -> Result<Vec<f32>, GenerateError> {
    checked(model.step(tokens), tokens.len(), model.vocab_size())
}

/// Feeds several tokens to the only row and checks the number of logits.
pub(crate) fn checked_steps(
    model: &mut (impl StepModel + ?Sized),
    tokens: &[u32],
) -> Result<Vec<f32>, GenerateError> {
    checked(model.step_many(tokens, tokens.len()), tokens.len(), model.vocab_size())
}

fn checked(logits: Vec<f32>, rows: usize, vocab_size: usize) -> Result<Vec<f32>, GenerateError> {
    if logits.len() == rows * vocab_size {
        Ok(logits)
    } else {
        Err(GenerateError::LogitsShape { len: logits.len(), rows, vocab_size })
    }
}

/// Reorders the model's rows, unless no row moves or no rows are left.
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
