//! The result of decoding.

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
    /// Why the sequence ends where it does.
    pub stop: StopReason,
}

/// Why a sequence ends where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// With this end token, which is none of the hypothesis's `tokens`.
    EndToken(u32),
    /// It has as many tokens as it may have.
    MaxLength,
    /// No token could come next: all were forbidden.
    NoToken,
    /// An [`Observer`](crate::Observer) cancelled the search.
    Cancelled,
}

impl StopReason {
    /// The end token, where there is one.
    pub fn end_token(self) -> Option<u32> {
        match self {
            Self::EndToken(token) => Some(token),
            Self::MaxLength | Self::NoToken | Self::Cancelled => None,
        }
    }
}

impl Hypothesis {
    /// The hypothesis of the tokens after the prompt, without the end token.
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

    /// Whether the sequence ended with an end token; `false` where it was cut off.
    pub fn finished(&self) -> bool {
        self.end_token().is_some()
    }

    /// The end token, where there is one; it is none of `tokens`.
    pub fn end_token(&self) -> Option<u32> {
        self.stop.end_token()
    }
}
