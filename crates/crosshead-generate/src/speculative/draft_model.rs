//! Drafts of a smaller model.

use super::{Drafter, SoFar};
use crate::Rollback;

/// Drafts that another model, which is faster, writes by greedy decoding.
///
/// `start` returns the model for a sequence of the batch, with one row, as for
/// [`decode_speculatively`](super::decode_speculatively). Both models must have the same tokens.
pub struct DraftModel<M, S> {
    start: S,
    tokens: usize,
    state: Option<State<M>>,
}

/// The model of a sequence, and what it was fed: tokens from the last one of the prompt on.
struct State<M> {
    sequence: usize,
    model: M,
    fed: Vec<u32>,
}

impl<M: Rollback, S: FnMut(usize) -> M> DraftModel<M, S> {
    /// Drafts of up to `tokens` tokens.
    pub fn new(start: S, tokens: usize) -> Self {
        Self { start, tokens, state: None }
    }
}

impl<M: Rollback, S: FnMut(usize) -> M> Drafter for DraftModel<M, S> {
    fn draft(&mut self, so_far: SoFar<'_>) -> Vec<u32> {
        let SoFar { sequence, path, prompt_len, room, .. } = so_far;
        let state = match self.state.take() {
            Some(state) if state.sequence == sequence => state,
            _ => State { sequence, model: (self.start)(sequence), fed: Vec::new() },
        };
        let state = self.state.insert(state);
        let vocab_size = state.model.vocab_size();
        let text = &path[prompt_len - 1..];
        // The text grows by at least one token between two drafts.
        let same = state.fed.iter().zip(text).take_while(|(fed, token)| fed == token).count();
        let is_known = |&token: &u32| (token as usize) < vocab_size;
        if same == text.len() || !text[same..].iter().all(is_known) {
            return Vec::new();
        }
        state.discard(state.fed.len() - same);
        let mut next = state.read(&text[same..]);
        let count = self.tokens.min(room).min(state.model.room() + 1);
        let mut drafted = Vec::with_capacity(count);
        while drafted.len() < count {
            drafted.push(next);
            if drafted.len() < count {
                next = state.read(&[next]);
            }
        }
        drafted
    }
}

impl<M: Rollback> State<M> {
    /// Discards the last `count` tokens that were fed.
    fn discard(&mut self, count: usize) {
        self.model.rollback(count);
        self.fed.truncate(self.fed.len() - count);
    }

    /// Feeds tokens, and returns the most probable next one.
    fn read(&mut self, mut tokens: &[u32]) -> u32 {
        let vocab_size = self.model.vocab_size();
        let mut logits = Vec::new();
        self.fed.extend(tokens);
        while !tokens.is_empty() {
            let (now, later) = tokens.split_at(self.model.room().clamp(1, tokens.len()));
            logits = self.model.step_many(now, now.len());
            tokens = later;
        }
        let last = logits.len().saturating_sub(vocab_size);
        let best = logits[last..]
            .iter()
            .enumerate()
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(0, |(token, _)| token as u32)
    }
}
