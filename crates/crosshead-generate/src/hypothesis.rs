//! Generated sequences.

use crate::LengthPenalty;

/// One generated sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// The generated tokens, without the start token and without the end token.
    pub tokens: Vec<u32>,
    /// Sum of the tokens' natural log-probabilities, including that of the end token; with a repetition penalty, beam
    /// search sums the penalized ones.
    pub log_prob: f32,
    /// `log_prob` divided by the length penalty; beams are ranked by it.
    pub score: f32,
    /// Why the sequence ended.
    pub stop: StopReason,
}

/// Why a sequence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The model generated this end token, which is not included in the hypothesis's `tokens`.
    EndToken(u32),
    /// The sequence reached its length limit.
    MaxLength,
    /// Every next token was forbidden.
    NoToken,
    /// An [`Observer`](crate::Observer) stopped the sequence.
    Cancelled,
}

impl StopReason {
    /// The end token, if the sequence ended with one.
    pub fn end_token(self) -> Option<u32> {
        match self {
            Self::EndToken(token) => Some(token),
            Self::MaxLength | Self::NoToken | Self::Cancelled => None,
        }
    }
}

impl Hypothesis {
    /// A hypothesis of these generated tokens, without the end token.
    pub(crate) fn new(
        tokens: &[u32],
        log_prob: f32,
        penalty: LengthPenalty,
        stop: StopReason,
    ) -> Self {
        let tokens = tokens.to_vec();
        let len = tokens.len() + usize::from(stop.end_token().is_some());
        Self { score: log_prob / penalty.divisor(len), tokens, log_prob, stop }
    }

    /// Whether the sequence ended with an end token.
    pub fn finished(&self) -> bool {
        self.end_token().is_some()
    }

    /// The end token, if the sequence ended with one; it is not included in `tokens`.
    pub fn end_token(&self) -> Option<u32> {
        self.stop.end_token()
    }
}
