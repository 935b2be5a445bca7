//! Generated sequences.

use std::sync::Arc;

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
    /// The natural log-probability of each token, including that of the end token; `log_prob` is their sum.
    pub token_log_probs: Vec<f32>,
    /// The most probable tokens at each position, best first, including the position of the end token. Empty unless
    /// [`DecodingConfig::alternatives`](crate::DecodingConfig::alternatives) is set.
    pub alternatives: Vec<Vec<TokenLogProb>>,
}

/// A token and its natural log-probability at a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenLogProb {
    /// The token.
    pub token: u32,
    /// Its log-probability.
    pub log_prob: f32,
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
    /// A [`StopRule`](crate::StopRule) ended the sequence, such as a stop string.
    StopRule,
    /// The sequence repeated an n-gram more often than [`LoopGuard`](crate::LoopGuard) allows; it is cut after the first
    /// copy.
    Loop,
    /// The time limit was reached.
    TimeLimit,
    /// An [`Observer`](crate::Observer) stopped the sequence.
    Cancelled,
}

impl StopReason {
    /// The end token, if the sequence ended with one.
    pub fn end_token(self) -> Option<u32> {
        match self {
            Self::EndToken(token) => Some(token),
            Self::MaxLength
            | Self::NoToken
            | Self::StopRule
            | Self::Loop
            | Self::TimeLimit
            | Self::Cancelled => None,
        }
    }
}

impl Hypothesis {
    /// A hypothesis of these generated tokens, without the end token.
    pub(crate) fn new(
        tokens: &[u32],
        trace: Trace,
        penalty: LengthPenalty,
        stop: StopReason,
    ) -> Self {
        let Trace { log_probs, alternatives } = trace;
        let log_prob = log_probs.iter().fold(0.0, |sum, log_prob| sum + log_prob);
        let len = tokens.len() + usize::from(stop.end_token().is_some());
        Self {
            tokens: tokens.to_vec(),
            log_prob,
            score: log_prob / penalty.divisor(len),
            stop,
            token_log_probs: log_probs,
            alternatives: alternatives.iter().map(|tokens| tokens.to_vec()).collect(),
        }
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

/// What is recorded for each token of a path.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    log_probs: Vec<f32>,
    alternatives: Vec<Alternatives>,
}

/// The most probable tokens at a position, shared by the paths that branch there.
pub(crate) type Alternatives = Arc<[TokenLogProb]>;

impl Trace {
    /// Records a token.
    pub(crate) fn push(&mut self, log_prob: f32, alternatives: Option<Alternatives>) {
        self.log_probs.push(log_prob);
        self.alternatives.extend(alternatives);
    }

    /// The records of the path and of one more token.
    pub(crate) fn extended(&self, log_prob: f32, alternatives: Option<Alternatives>) -> Self {
        let mut trace = self.clone();
        trace.push(log_prob, alternatives);
        trace
    }

    /// Keeps the records of the first `len` tokens.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.log_probs.truncate(len);
        self.alternatives.truncate(len);
    }
}
