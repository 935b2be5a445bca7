//! Options that change the scores of tokens before any token is forbidden.

use crate::logits::LogitRow;
use crate::{DecodingConfig, SequenceBias};

/// What the penalties of a sequence depend on.
#[derive(Clone, Copy)]
pub(crate) struct History<'a> {
    /// The prompt and the generated tokens.
    pub(crate) path: &'a [u32],
    /// The source, if the configuration has one.
    pub(crate) source: &'a [u32],
}

/// Changes logits, as in greedy decoding and sampling.
pub(crate) fn penalize_logits(logits: &mut [f32], history: History<'_>, config: &DecodingConfig) {
    penalize(history, config, |token, change| {
        let logit = &mut logits[token as usize];
        *logit = change(*logit);
    });
}

/// Changes log-probabilities, as in beam search. `chosen` are the tokens that earlier groups of a diverse beam search chose in
/// this step, whose log-probabilities are lowered by `diversity` each time.
pub(crate) fn penalize_log_probs(
    row: &mut LogitRow,
    history: History<'_>,
    config: &DecodingConfig,
    chosen: &[u32],
    diversity: f32,
) {
    let diverse = diversity != 0.0 && !chosen.is_empty();
    if !diverse && !changes_scores(config) {
        return;
    }
    row.normalize();
    if diverse {
        for token in distinct(chosen) {
            let times = chosen.iter().filter(|&&other| other == token).count();
            row.set_log_prob(token, row.log_prob(token) - diversity * times as f32);
        }
    }
    penalize(history, config, |token, change| row.set_log_prob(token, change(row.log_prob(token))));
}

/// Whether an option changes scores.
fn changes_scores(config: &DecodingConfig) -> bool {
    config.repetition_penalty != 1.0
        || config.source_repetition_penalty != 1.0
        || !config.sequence_bias.is_empty()
}

/// Calls `change` with each token whose score changes and how, in the order of transformers.
fn penalize(
    History { path, source }: History<'_>,
    config: &DecodingConfig,
    mut change: impl FnMut(u32, &dyn Fn(f32) -> f32),
) {
    for SequenceBias { tokens, bias } in &config.sequence_bias {
        let Some((&last, before)) = tokens.split_last() else { continue };
        if path.ends_with(before) {
            change(last, &|score| score + bias);
        }
    }
    if config.source_repetition_penalty != 1.0 {
        // As in transformers, values above 1 favor the tokens of the source.
        let penalty = 1.0 / config.source_repetition_penalty;
        distinct(source).for_each(|token| change(token, &|score| penalized(score, penalty)));
    }
    let penalty = config.repetition_penalty;
    if penalty != 1.0 {
        distinct(path).for_each(|token| change(token, &|score| penalized(score, penalty)));
    }
}

fn penalized(score: f32, penalty: f32) -> f32 {
    if score < 0.0 { score * penalty } else { score / penalty }
}

/// The distinct tokens of a path.
fn distinct(path: &[u32]) -> impl Iterator<Item = u32> {
    let first = |&(at, token): &(usize, &u32)| !path[..at].contains(token);
    path.iter().enumerate().filter(first).map(|(_, &token)| token)
}
