//! The result of a search.

use crate::LengthPenalty;

/// One generated sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// The generated tokens, without the start token and without the end token.
    pub tokens: Vec<u32>,
    /// Sum of the tokens' natural log-probabilities, the end token's included; beam search sums penalized ones under a
    /// repetition penalty.
    pub log_prob: f32,
    /// `log_prob` divided by the length penalty; what beams are ranked by.
    pub score: f32,
    /// Whether the sequence ended with an end token; `false` where it was cut off.
    pub finished: bool,
    /// The end token, where there is one; it is none of `tokens`.
    pub end: Option<u32>,
}

impl Hypothesis {
    /// The hypothesis of the tokens after the prompt, without the end token.
    pub(crate) fn new(
        tokens: &[u32],
        log_prob: f32,
        penalty: LengthPenalty,
        end: Option<u32>,
    ) -> Self {
        let finished = end.is_some();
        let tokens = tokens.to_vec();
        let len = tokens.len() + usize::from(finished);
        Self { score: log_prob / penalty.divisor(len), tokens, log_prob, finished, end }
    }
}
