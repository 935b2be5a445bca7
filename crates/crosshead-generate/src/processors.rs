//! Logits processors: options and constraints applied to one row of logits.

use crate::constraint::States;
use crate::logits::LogitRow;
use crate::{DecodingConfig, GenerateError, Normalization};

/// Reads a row of logits, normalized over the tokens that [`Normalization`] selects. `None` if its softmax is undefined.
pub(crate) fn read_row<'a>(logits: &'a mut [f32], config: &DecodingConfig) -> Option<LogitRow<'a>> {
    match config.normalization {
        Normalization::Allowed => {
            config.suppressed.iter().for_each(|&token| logits[token as usize] = f32::NEG_INFINITY);
            LogitRow::new(logits)
        }
        Normalization::WholeVocabulary | Normalization::Remaining => LogitRow::new(logits),
    }
}

/// The tokens of a sequence so far, with its length limits.
#[derive(Clone, Copy)]
pub(crate) struct Progress<'a> {
    /// The prompt and the generated tokens.
    pub(crate) path: &'a [u32],
    /// Number of tokens of the prompt.
    pub(crate) prompt_len: usize,
    /// Maximum number of tokens after the prompt.
    pub(crate) max_len: usize,
    /// Minimum number of tokens after the prompt before an end token.
    pub(crate) min_len: usize,
    /// The states of the constraints.
    pub(crate) states: &'a States,
}

/// Bans forbidden tokens in the order of transformers: repeated n-grams, ends of bad words, end tokens before the minimum
/// length, all but a forced token, and suppressed tokens, forced or not. The caller's constraints are applied last.
/// `number` is the row's index for error messages.
pub(crate) fn restrict(
    row: &mut LogitRow,
    progress: Progress<'_>,
    config: &DecodingConfig,
    number: usize,
) -> Result<(), GenerateError> {
    ban_tokens(row, progress, config);
    if !progress.states.is_empty() && !row.change(|scores| progress.states.apply(scores)) {
        let step = progress.path.len() - progress.prompt_len;
        return Err(GenerateError::InvalidConstraint { step, row: number });
    }
    if config.normalization == Normalization::Remaining {
        row.renormalize();
    }
    Ok(())
}

fn ban_tokens(row: &mut LogitRow, progress: Progress<'_>, config: &DecodingConfig) {
    let Progress { path, prompt_len, max_len, min_len, .. } = progress;
    let generated = path.len() - prompt_len;
    let n = config.no_repeat_ngram_size;
    if n > 0 && path.len() >= n {
        let last = &path[path.len() + 1 - n..];
        let repeated = path.windows(n).filter(|ngram| ngram[..n - 1] == *last);
        repeated.for_each(|ngram| row.ban(ngram[n - 1]));
    }
    let ends = config.bad_words.iter().filter_map(|word| {
        let (&end, begin) = word.split_last()?;
        path.ends_with(begin).then_some(end)
    });
    ends.for_each(|token| row.ban(token));
    if generated < min_len {
        config.eos_ids.iter().for_each(|&token| row.ban(token));
    }
    // A longer prompt already contains its first token.
    let forced_bos = config.forced_bos.filter(|_| prompt_len == 1);
    if let (0, Some(bos)) = (generated, forced_bos) {
        row.force(&[bos]);
    }
    if generated + 1 == max_len && !config.forced_eos.is_empty() {
        row.force(&config.forced_eos);
    }
    config.suppressed.iter().for_each(|&token| row.ban(token));
    if generated == usize::from(forced_bos.is_some()) {
        config.suppressed_first.iter().for_each(|&token| row.ban(token));
    }
}

/// Applies the repetition penalty to the logits of the tokens of `path`.
pub(crate) fn penalize_logits(logits: &mut [f32], path: &[u32], repetition_penalty: f32) {
    if repetition_penalty != 1.0 {
        for token in distinct(path) {
            let logit = &mut logits[token as usize];
            *logit = penalized(*logit, repetition_penalty);
        }
    }
}

/// Applies the repetition penalty to the log-probabilities of the tokens of `path`.
pub(crate) fn penalize_log_probs(row: &mut LogitRow, path: &[u32], repetition_penalty: f32) {
    if repetition_penalty != 1.0 {
        row.normalize();
        for token in distinct(path) {
            row.set_log_prob(token, penalized(row.log_prob(token), repetition_penalty));
        }
    }
}

fn penalized(score: f32, repetition_penalty: f32) -> f32 {
    if score < 0.0 { score * repetition_penalty } else { score / repetition_penalty }
}

/// The distinct tokens of a path.
fn distinct(path: &[u32]) -> impl Iterator<Item = u32> {
    let first = |&(at, token): &(usize, &u32)| !path[..at].contains(token);
    path.iter().enumerate().filter(first).map(|(_, &token)| token)
}
