//! Texts of any length from a model with a limited number of positions.

use crosshead_generate::StepModel;
use crosshead_models::{CausalLm, CausalSteps};

/// Texts that a model continues, each in a window of its own: where a text outgrows the model's positions, its last half
/// is read anew.
///
/// The first step feeds the last token of each prompt.
pub(super) struct WindowSteps<'a> {
    model: &'a CausalLm,
    steps: CausalSteps<'a>,
    /// What has been fed of each text, from the beginning of its window.
    windows: Vec<Vec<u32>>,
    /// Columns that the next step makes of the longest window.
    columns: usize,
}

impl<'a> WindowSteps<'a> {
    /// Reads prompts, each of one token or more and none longer than the model's positions.
    pub(super) fn new(model: &'a CausalLm, mut prompts: Vec<Vec<u32>>) -> Self {
        let (steps, columns) = read(model, &prompts);
        for prompt in &mut prompts {
            prompt.pop();
        }
        Self { model, steps, windows: prompts, columns }
    }
}

impl StepModel for WindowSteps<'_> {
    fn vocab_size(&self) -> usize {
        self.steps.vocab_size()
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        for (window, &token) in self.windows.iter_mut().zip(tokens) {
            window.push(token);
        }
        let max_len = self.model.config().stack.max_len;
        if self.columns > max_len {
            for window in self.windows.iter_mut().filter(|window| window.len() > max_len) {
                window.drain(..window.len() - max_len.div_ceil(2));
            }
            (self.steps, self.columns) = read(self.model, &self.windows);
        }
        self.columns += 1;
        self.steps.step(tokens)
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.windows = rows.iter().map(|&row| self.windows[row].clone()).collect();
        self.steps.reorder(rows);
    }
}

/// The model after it has read texts, and the columns that it made of them.
fn read<'a>(model: &'a CausalLm, texts: &[Vec<u32>]) -> (CausalSteps<'a>, usize) {
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    let room = model.config().stack.max_len - longest;
    (CausalSteps::new(model, texts, room), longest)
}
