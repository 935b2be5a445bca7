//! Logits processors: options and constraints applied to one row of logits.

use crate::constraint::States;
use crate::logits::LogitRow;
use crate::{DecodingConfig, EndBoost, GenerateError, Normalization};

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
    /// The source, if the configuration has one.
    pub(crate) source: &'a [u32],
    /// The scores that transformers would compute with.
    pub(crate) scores: Scores,
}

/// The scores that options work on, as in transformers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scores {
    /// Logits, in greedy decoding and sampling.
    Logits,
    /// Log-probabilities, in beam search.
    LogProbs,
}

/// Bans forbidden tokens in the order of transformers: repeated n-grams, n-grams of the source, ends of bad words, end tokens
/// before the minimum length, all but a forced token, and suppressed tokens, forced or not. The caller's constraints are applied
/// last.
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
    let Progress { path, prompt_len, max_len, min_len, source, scores, .. } = progress;
    let generated = path.len() - prompt_len;
    ban_repeats(row, path, path, config.no_repeat_ngram_size);
    ban_repeats(row, path, source, config.no_source_ngram_size);
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
    if let Some(boost) = config.end_boost {
        boost_end(row, boost, generated, scores, &config.eos_ids);
    }
    config.suppressed.iter().for_each(|&token| row.ban(token));
    if generated == usize::from(forced_bos.is_some()) {
        config.suppressed_first.iter().for_each(|&token| row.ban(token));
    }
}

/// Bans the tokens that would complete an n-gram of `tokens`.
fn ban_repeats(row: &mut LogitRow, path: &[u32], tokens: &[u32], n: usize) {
    if n == 0 || path.len() + 1 < n {
        return;
    }
    let last = &path[path.len() + 1 - n..];
    let repeated = tokens.windows(n).filter(|ngram| ngram[..n - 1] == *last);
    repeated.for_each(|ngram| row.ban(ngram[n - 1]));
}

/// Raises the scores of the end tokens.
fn boost_end(
    row: &mut LogitRow,
    EndBoost { start, factor }: EndBoost,
    generated: usize,
    scores: Scores,
    eos_ids: &[u32],
) {
    if generated <= start {
        return;
    }
    let growth = factor.powi((generated - start) as i32) - 1.0;
    for &token in eos_ids {
        let score = match scores {
            Scores::Logits => row.logit(token),
            Scores::LogProbs => row.log_prob(token),
        };
        if score.is_finite() {
            row.set_log_prob(token, row.log_prob(token) + score.abs() * growth);
        }
    }
}
