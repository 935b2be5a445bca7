//! Tokens that may not come next, and tokens made less likely.

use crate::{GenerateConfig, Normalization, logits::LogitRow};

/// Reads a row of logits as the configuration normalizes them: without the suppressed tokens, or with them and then
/// without. `None` if the row has no softmax.
pub(crate) fn read_row<'a>(logits: &'a mut [f32], config: &GenerateConfig) -> Option<LogitRow<'a>> {
    match config.normalization {
        Normalization::Allowed => {
            config.suppressed.iter().for_each(|&token| logits[token as usize] = f32::NEG_INFINITY);
            LogitRow::new(logits)
        }
        Normalization::WholeVocabulary => {
            let mut row = LogitRow::new(logits)?;
            config.suppressed.iter().for_each(|&token| row.ban(token));
            Some(row)
        }
    }
}

/// Bans what may not follow `path`, which begins with the start token: a repeated n-gram, an end that is too early or,
/// if the end is forced at `max_len` tokens, anything else there.
pub(crate) fn ban_tokens(
    row: &mut LogitRow,
    path: &[u32],
    max_len: usize,
    config: &GenerateConfig,
) {
    if config.forced_eos && path.len() == max_len {
        return row.force(config.eos_id);
    }
    if path.len() <= config.min_len {
        row.ban(config.eos_id);
    }
    let n = config.no_repeat_ngram_size;
    if n > 0 && path.len() >= n {
        let last = &path[path.len() + 1 - n..];
        let repeated = path.windows(n).filter(|ngram| ngram[..n - 1] == *last);
        repeated.for_each(|ngram| row.ban(ngram[n - 1]));
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
        for token in distinct(path) {
            row.set_log_prob(token, penalized(row.log_prob(token), repetition_penalty));
        }
    }
}

fn penalized(score: f32, repetition_penalty: f32) -> f32 {
    if score < 0.0 { score * repetition_penalty } else { score / repetition_penalty }
}

/// The tokens of a path, each once however often it occurs.
fn distinct(path: &[u32]) -> impl Iterator<Item = u32> {
    let first = |&(at, token): &(usize, &u32)| !path[..at].contains(token);
    path.iter().enumerate().filter(first).map(|(_, &token)| token)
}
