//! Generated texts with their scores.

use crosshead_generate::{Hypothesis, StopReason, TokenLogProb};
use crosshead_tokenize::Tokenizer;

/// One of the texts that were generated for an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The text.
    pub text: String,
    /// The log-probability divided by the length penalty.
    pub score: f32,
    /// The natural log-probability.
    pub log_prob: f32,
    /// Why the text ended.
    pub stop: StopReason,
    /// The tokens, including the end token.
    pub tokens: Vec<ScoredToken>,
}

/// A token of a text with its natural log-probability.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredToken {
    /// The id.
    pub id: u32,
    /// The token, as spelled in the vocabulary.
    pub token: String,
    /// The log-probability after the tokens before it.
    pub log_prob: f32,
    /// The most probable tokens at its position, best first, if they were asked for.
    pub alternatives: Vec<Alternative>,
}

/// A token that could have been at a position.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The id.
    pub id: u32,
    /// The token, as spelled in the vocabulary.
    pub token: String,
    /// Its log-probability.
    pub log_prob: f32,
}

impl Candidate {
    /// The candidate of a hypothesis with its text.
    pub(crate) fn new(text: String, hypothesis: &Hypothesis, tokenizer: &Tokenizer) -> Self {
        let spelled = |id| tokenizer.id_to_token(id).unwrap_or_default();
        let alternative = |&TokenLogProb { token, log_prob }: &TokenLogProb| Alternative {
            id: token,
            token: spelled(token),
            log_prob,
        };
        let mut alternatives = hypothesis.alternatives.iter();
        let ids = hypothesis.tokens.iter().copied().chain(hypothesis.end_token());
        let tokens = ids.zip(&hypothesis.token_log_probs).map(|(id, &log_prob)| ScoredToken {
            id,
            token: spelled(id),
            log_prob,
            alternatives: alternatives.next().into_iter().flatten().map(alternative).collect(),
        });
        Self {
            text,
            score: hypothesis.score,
            log_prob: hypothesis.log_prob,
            stop: hypothesis.stop,
            tokens: tokens.collect(),
        }
    }
}
