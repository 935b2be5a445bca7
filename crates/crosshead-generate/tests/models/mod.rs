//! Models with known logits.

use crosshead_generate::{Rollback, StepModel};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Logits are a hash of the sentence and the full history of a row, so a wrong reorder changes them.
#[derive(Clone)]
pub(crate) struct HashModel {
    pub(crate) vocab_size: usize,
    pub(crate) seed: u64,
    /// The sentence of each row and the tokens it was fed.
    pub(crate) rows: Vec<(u64, Vec<u32>)>,
}

impl HashModel {
    /// One row for each of these sentences.
    pub(crate) fn new(
        vocab_size: usize,
        seed: u64,
        sentences: impl IntoIterator<Item = u64>,
    ) -> Self {
        let rows = sentences.into_iter().map(|sentence| (sentence, Vec::new())).collect();
        Self { vocab_size, seed, rows }
    }

    /// The logit of a token after a history, from -3 to 3.
    pub(crate) fn logit(&self, sentence: u64, history: &[u32], token: usize) -> f32 {
        let mut hasher = DefaultHasher::new();
        (self.seed, sentence, history, token).hash(&mut hasher);
        (hasher.finish() % 60_001) as f32 / 10_000.0 - 3.0
    }
}

impl StepModel for HashModel {
    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        assert_eq!(tokens.len(), self.rows.len());
        for ((_, history), &token) in self.rows.iter_mut().zip(tokens) {
            history.push(token);
        }
        let row = |(sentence, history): &(u64, Vec<u32>)| -> Vec<f32> {
            (0..self.vocab_size).map(|token| self.logit(*sentence, history, token)).collect()
        };
        self.rows.iter().flat_map(row).collect()
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.rows = rows.iter().map(|&row| self.rows[row].clone()).collect();
    }
}

impl Rollback for HashModel {
    fn rollback(&mut self, count: usize) {
        for (_, history) in &mut self.rows {
            history.truncate(history.len() - count);
        }
    }
}
