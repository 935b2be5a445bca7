//! Texts of any length from a model with a limited number of positions.

use crosshead_generate::StepModel;
use crosshead_models::{CausalLm, CausalSteps};

/// Texts that a model goes on with, each token told as soon as it is read: where a text reaches the positions that the
/// model has, its last half is read anew.
pub(super) struct Following<'a, F> {
    model: &'a CausalLm,
    steps: CausalSteps<'a>,
    /// The number of each text that still goes on, and its ids.
    texts: Vec<(usize, Vec<u32>)>,
    /// Tokens that can be read before the positions end.
    room: usize,
    /// The tokens told of each text.
    pub(super) told: Vec<usize>,
    /// Is told the number of a text and its next token; none where a text has several beams.
    tell: Option<F>,
    begun: bool,
}

impl<'a, F: FnMut(usize, u32)> Following<'a, F> {
    pub(super) fn new(model: &'a CausalLm, prompts: Vec<Vec<u32>>, tell: Option<F>) -> Self {
        let told = vec![0; prompts.len()];
        let (steps, room) = read(model, &prompts);
        let texts = prompts.into_iter().enumerate().collect();
        Self { model, steps, texts, room, told, tell, begun: false }
    }
}

impl<F: FnMut(usize, u32)> StepModel for Following<'_, F> {
    fn vocab_size(&self) -> usize {
        self.steps.vocab_size()
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        if !self.begun {
            self.begun = true;
            return self.steps.step(tokens);
        }
        for ((number, ids), &token) in self.texts.iter_mut().zip(tokens) {
            ids.push(token);
            if let Some(tell) = &mut self.tell {
                self.told[*number] += 1;
                tell(*number, token);
            }
        }
        match self.room.checked_sub(1) {
            Some(left) => self.room = left,
            None => {
                let half = self.model.config().stack.max_len.div_ceil(2);
                let ends: Vec<Vec<u32>> = self
                    .texts
                    .iter()
                    .map(|(_, ids)| ids[ids.len().saturating_sub(half)..].to_vec())
                    .collect();
                (self.steps, self.room) = read(self.model, &ends);
            }
        }
        self.steps.step(tokens)
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.texts = rows.iter().map(|&row| self.texts[row].clone()).collect();
        self.steps.reorder(rows);
    }
}

/// The model after it has read texts, and how many more tokens it has positions for.
fn read<'a>(model: &'a CausalLm, texts: &[Vec<u32>]) -> (CausalSteps<'a>, usize) {
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    let room = model.config().stack.max_len - longest;
    (CausalSteps::new(model, texts, room), room)
}
